import { join } from 'node:path'
import { programOf, runCommand } from '../run/command.mjs'
import { readLimits } from './limits.mjs'
import { filesOfPlaces } from './places.mjs'
import { clearResults, isDone, keyOf, readResults, resultsPath } from './results.mjs'

/** A bound for what hangs: a busy machine may take its time. */
const limitMs = 10_800_000

/** The files of tests that show what a place does that has a limit, where those are not run anyway. */
async function filesOfLimits() {
  const named = (await readLimits()).flatMap(({ shownBy }) => shownBy.match(/^e2e\/[\w-]+\.test\.ts/) ?? [])
  return [...new Set(named)].filter((file) => !filesOfPlaces().includes(file))
}

/**
 * Runs the scenarios, printing as they end: each file of tests in a process of its own, so that one that breaks off takes
 * no other along.
 * @param {object} asked
 * @param {string} [asked.only] how the names of the places begin; without, all, and the tests that show their limits
 * @param {boolean} [asked.continue] leaves out what an earlier run of the same packages and tests has shown to work
 * @returns {Promise<{ places: Record<string, import('./page.mjs').Outcome>, broken: string[] }>} with what was left out
 */
export async function runPlaces({ only, continue: goOn = false }) {
  if (!goOn && only === undefined) clearResults()
  const files = [...filesOfPlaces(only), ...(only === undefined ? await filesOfLimits() : [])]
  const all = []
  for (const file of files) all.push(await runFile(file, { only, goOn }))
  const suites = all.flatMap((found) => Object.entries(found.suites))
  const asked = suites.filter(([name, suite]) => name.startsWith(only ?? '') && testsOf(suite).length > 0)
  return { places: merge(asked), broken: all.flatMap(({ broken }) => broken) }
}

async function runFile(file, { only, goOn }) {
  const [path, key] = [resultsPath(file), keyOf(file)]
  const before = readResults(path, key)
  const suites = Object.entries(before.suites)
  if (goOn && suites.length > 0 && before.broken.length === 0 && suites.every(([, one]) => isDone(one))) {
    console.log(`done ${file}: shown by an earlier run`)
    return before
  }
  const done = goOn ? suites.filter(([name, one]) => isPlace(name) && isDone(one)).map(([name]) => name) : []
  for (const name of done) console.log(`done ${name} (${file}): shown by an earlier run`)
  const { ok, output } = await runCommand(process.execPath, commandFor(file, patternFor(only, done)), {
    env: { HOLDFAST_EVERYWHERE_RESULTS: path, HOLDFAST_EVERYWHERE_KEY: key },
    timeoutMs: limitMs,
    print: (text) => process.stdout.write(text),
  })
  const { broken, ...found } = readResults(path, key)
  const failed = Object.values(found.suites).some((one) => one.failed.length > 0)
  const brokeOff = !ok && !failed && broken.length === 0 && !/No test files found/.test(output)
  return { ...found, broken: brokeOff ? [...broken, file] : broken }
}

function commandFor(file, pattern) {
  const reporter = ['--reporter', join(import.meta.dirname, 'reporter.mjs')]
  const projects = ['--project', 'e2e', '--project', 'everywhere']
  return [programOf('vitest'), 'run', ...reporter, ...projects, '--testNamePattern', pattern, file]
}

/** Places in two modes are named so that no name begins as another one does. */
const isPlace = (name) => /, (plain|resume)$/.test(name)

/** What the names of tests are held against: those that begin as asked, without those of suites that are done. */
function patternFor(only = '', done = []) {
  const literal = (name) => name.replace(/[^\w ]/g, '.')
  const without = done.length === 0 ? '' : `(?!(?:${done.map(literal).join('|')}) )`
  return `^${without}${literal(only)}`
}

const testsOf = ({ passed, failed, limited }) => [...passed, ...failed, ...limited]

/** A place may have tests in several files. */
function merge(suites) {
  const places = {}
  for (const [name, suite] of suites) {
    const place = (places[name] ??= { passed: [], failed: [], limited: [] })
    for (const kind of Object.keys(place)) place[kind].push(...suite[kind])
  }
  return places
}

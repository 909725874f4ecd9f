// Prints a line for each place as it begins and ends, and every failure at once with its place and scenario. Keeps how each
// test ended in the file that HOLDFAST_EVERYWHERE_RESULTS names, written anew whenever a place ends: a run that is killed
// loses no more than the place where it was.
import { readResults, writeResults } from './results.mjs'

const { HOLDFAST_EVERYWHERE_RESULTS: path, HOLDFAST_EVERYWHERE_KEY: key } = process.env

export default class PlacesReporter {
  #results = readResults(path, key)
  #startedAt = new Map()

  onTestModuleCollected(module) {
    const names = [...new Set([...module.children.allTests()].map(suiteOf))]
    const kept = names.map((name) => [name, this.#results.suites[name] ?? empty()])
    this.#results = { key, suites: Object.fromEntries(kept), broken: [] }
  }

  onTestSuiteReady(suite) {
    if (suite.parent.type !== 'module' || !tests(suite).some(willRun)) return
    console.log(`..   ${suite.name}`)
    this.#startedAt.set(suite.name, performance.now())
    this.#results.suites[suite.name] = empty()
  }

  onTestCaseResult(test) {
    const { state, errors = [], note } = test.result()
    if (state === 'skipped' && !note) return // not asked for, or done before
    const place = suiteOf(test)
    const name = test.fullName.slice(place.length).replace(/^ > /, '')
    this.#results.suites[place][state === 'skipped' ? 'limited' : state].push(name)
    if (state === 'failed') console.log(`FAIL ${place} > ${name}\n${indent(errors.map(textOf).join('\n'))}`)
  }

  onTestSuiteResult(suite) {
    if (suite.parent.type !== 'module') return
    const broken = this.#noteErrors(suite)
    if (!this.#startedAt.has(suite.name)) return
    const outcome = this.#results.suites[suite.name]
    outcome.finished = !broken
    const [passed, failed] = [outcome.passed.length, outcome.failed.length]
    const seconds = Math.round((performance.now() - this.#startedAt.get(suite.name)) / 1_000)
    const word = failed === 0 && !broken ? 'ok  ' : 'FAIL'
    console.log(`${word} ${suite.name}: ${passed} passed, ${failed} failed (${seconds} s)`)
    writeResults(path, this.#results)
  }

  onTestModuleEnd(module) {
    const broken = this.#noteErrors(module)
    const outside = this.#results.suites['']
    if (outside && outside.passed.length + outside.failed.length > 0) outside.finished = !broken
  }

  onTestRunEnd(_modules, errors) {
    for (const error of errors) this.#note('outside of any test', error)
    writeResults(path, this.#results)
  }

  /** Notes what failed around tests: hooks, a file that cannot be loaded. Tells whether there was any. */
  #noteErrors(entity) {
    const errors = entity.errors()
    for (const error of errors) this.#note(entity.name ?? entity.relativeModuleId, error)
    return errors.length > 0
  }

  #note(where, error) {
    this.#results.broken.push(where)
    console.log(`FAIL ${where}\n${indent(textOf(error))}`)
  }
}

const empty = () => ({ passed: [], failed: [], limited: [], finished: false })
const tests = (suite) => [...suite.children.allTests()]
const willRun = (test) => test.options.mode === 'run'

/** The name of the outermost suite: the place. */
function suiteOf(test) {
  let suite = test.parent
  while (suite.type === 'suite' && suite.parent.type === 'suite') suite = suite.parent
  return suite.type === 'suite' ? suite.name : ''
}

function textOf({ name, message, stack, diff }) {
  const parts = [stack ?? `${name}: ${message}`, diff]
  return parts.filter((part) => part !== undefined).join('\n')
}

function indent(text) {
  return text.replace(/^(?=.)/gm, '     ')
}

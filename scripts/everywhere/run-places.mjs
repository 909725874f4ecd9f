import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLimits } from './limits.mjs'
import { programOf, runCommand } from '../run/command.mjs'

/** The tests of every place. */
const files = ['e2e/everywhere/', 'e2e/node.test.ts']
const limitMs = 7_200_000

/** The files of tests that show what a place does that has a limit, where those are not run anyway. */
async function filesOfLimits() {
  const named = (await readLimits()).flatMap(({ shownBy }) => shownBy.match(/^e2e\/[\w-]+\.test\.ts/) ?? [])
  return [...new Set(named)].filter((file) => !files.includes(file))
}

/**
 * Runs the scenarios, printing as they end.
 * @param {string} [only] how the names of the places begin; without, all, and the tests that show their limits
 * @returns {Promise<{ ok: boolean, places: object, broken: string[] }>}
 */
export async function runPlaces(only) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-places-'))
  const results = join(folder, 'results.json')
  const pattern = only === undefined ? [] : ['--testNamePattern', `^${only.replace(/[^\w ]/g, '.')}`]
  const more = only === undefined ? await filesOfLimits() : []
  const projects = ['--project', 'e2e', '--project', 'everywhere']
  const reporter = ['--reporter', join(import.meta.dirname, 'reporter.mjs')]
  const { ok } = await runCommand(
    process.execPath,
    [programOf('vitest'), 'run', ...reporter, ...projects, ...pattern, ...files, ...more],
    {
      env: { HOLDFAST_EVERYWHERE_RESULTS: results },
      timeoutMs: limitMs,
      print: (text) => process.stdout.write(text),
    },
  )
  try {
    return { ok, ...JSON.parse(readFileSync(results, 'utf8')) }
  } catch {
    return { ok: false, places: {}, broken: ['the run'] } // never written: it broke off
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

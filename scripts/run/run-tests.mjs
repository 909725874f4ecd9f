import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../project.mjs'
import { programOf, runCommand } from './command.mjs'

/**
 * Runs the tests, printing as they end.
 * @param {{ filters?: readonly string[], print?: (text: string) => void }} [options] `filters`: parts of file names,
 *   or options of vitest; without, all tests run
 * @returns {Promise<{ passed: number, failed: number }>} a run that breaks off, or that finds no test, has failed once
 */
export async function runTests({ filters = [], print = (text) => process.stdout.write(text) } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tests-'))
  const tallyFile = join(folder, 'tally.json')
  const reporter = join(root, 'scripts/run/vitest-reporter.mjs')
  const args = [programOf('vitest'), 'run', '--reporter', reporter, ...filters]
  const { ok } = await runCommand(process.execPath, args, {
    env: { HOLDFAST_TEST_TALLY: tallyFile },
    timeoutMs: 1_800_000,
    print,
  })
  const tally = readTally(tallyFile)
  rmSync(folder, { recursive: true, force: true })
  const { passed, failed } = tally ?? { passed: 0, failed: 0 }
  if (failed > 0 || (ok && passed > 0)) return { passed, failed }
  print(ok ? 'FAIL no test ran\n' : 'FAIL the test run broke off\n')
  return { passed, failed: failed + 1 }
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined // never written: the run broke off, and its caller says so
  }
}

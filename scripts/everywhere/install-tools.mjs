import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../run/command.mjs'
import { toolsFolder } from './folders.mjs'

/** The sets of tools: each a folder here with a manifest and its lockfile. */
export const toolSets = ['runtimes', 'bundlers', 'types-oldest', 'types-newest']

/**
 * Installs a set of tools, each version as its lockfile has it, unless that is what is there. No install script runs: the
 * programs lie in packages for one platform each.
 * @param {string} set
 * @returns {Promise<import('../run/steps.mjs').Outcome>}
 */
export async function installTools(set) {
  const [from, to] = [join(import.meta.dirname, set), join(toolsFolder, set)]
  const wanted = readFileSync(join(from, 'package-lock.json'), 'utf8')
  const stamp = join(to, 'node_modules/.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { ok: true, output: '' }
  mkdirSync(to, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(from, file), join(to, file))
  const outcome = await runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: to,
    timeoutMs: 1_200_000,
  })
  if (outcome.ok) writeFileSync(stamp, wanted)
  return outcome
}

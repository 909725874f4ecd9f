import { existsSync } from 'node:fs'
import { runCommand } from '../run/command.mjs'

const env = { DEBIAN_FRONTEND: 'noninteractive' }
// Somebody else may be installing: wait for them instead of failing.
const lock = ['-o', 'DPkg::Lock::Timeout=300']

let updated

/** Tells whether packages can be installed: on Debian and its descendants, as root. */
export const canInstallPackages = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

/**
 * Installs packages of the distribution. The lists of packages are fetched once, however often this is called.
 * @param {readonly string[]} packages
 * @param {(line: string) => void} print hears what is going on, because it takes a while
 * @returns {Promise<import('../run/steps.mjs').Outcome>}
 */
export async function installPackages(packages, print) {
  print(`     installing ${packages.join(', ')} with apt-get`)
  updated ??= runCommand('apt-get', [...lock, 'update'], { env, timeoutMs: 300_000 })
  const update = await updated
  const wanted = ['install', '-y', '--no-install-recommends', ...packages]
  const install = await runCommand('apt-get', [...lock, ...wanted], { env, timeoutMs: 900_000 })
  return { ok: install.ok, output: update.ok ? install.output : `${update.output}\n${install.output}` }
}

// Installs the packages that the repository is developed with. Node built-ins only: there is nothing else yet.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../project.mjs'
import { runCommand } from '../run/command.mjs'
import { installStamp } from './stamp.mjs'

/** Tells whether what is installed is what the lockfile names. */
export function isInstalled() {
  if (installStamp.fresh()) return true
  const npmsRecord = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(npmsRecord)) return false
  // npm itself writes its record after the lockfile: then somebody ran `npm ci` or `npm install` by hand.
  return statSync(npmsRecord).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** Runs `npm ci` when it is needed. @returns {Promise<import('../run/steps.mjs').Outcome>} */
export async function install() {
  if (isInstalled()) return { ok: true, output: '' }
  installStamp.clear()
  const outcome = await runCommand('npm', ['ci', '--no-audit', '--no-fund'], { timeoutMs: 900_000 })
  if (outcome.ok) installStamp.write()
  return outcome
}

/** Says which Node is too old, and which is needed; `undefined` when this one will do. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `Node ${version} is too old: Node 20.19 or newer is needed`
}

// Finds Chromium, or installs it: from the distribution where that is possible, else Playwright's own.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { programOf, runCommand } from '../run/command.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

let found

/**
 * Tells where Chromium is: the environment variable `HOLDFAST_CHROMIUM`, else the first of the usual places where one
 * starts.
 * @returns {string}
 * @throws Error when there is none, with what to do
 */
export function chromiumExecutable() {
  found ??= findChromium()
  if (found) return found
  throw new Error(
    'Chromium: not found; run `npm test`, which installs it, or set HOLDFAST_CHROMIUM to its path',
  )
}

/** Finds or installs Chromium. @returns {Promise<import('../run/steps.mjs').Outcome>} */
export async function installChromium() {
  let output = ''
  for (const way of [() => undefined, installFromDebian, installFromPlaywright]) {
    const outcome = await way()
    output += outcome?.output ?? ''
    found = findChromium()
    if (found) return { ok: true, output: '' }
  }
  return {
    ok: false,
    output: `${output}\nChromium could not be installed; set HOLDFAST_CHROMIUM to the path of one\n`,
  }
}

function findChromium() {
  const given = process.env['HOLDFAST_CHROMIUM']
  if (given) {
    if (starts(given)) return given
    throw new Error(`HOLDFAST_CHROMIUM: no browser starts at ${given}`)
  }
  const installed = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return [...installed, ...applications, ...playwrightsOwn()].find(starts)
}

/** Some distributions put a script in its place that only says what to install. */
function starts(file) {
  if (!existsSync(file)) return false
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && /chrom/i.test(stdout)
}

function playwrightsOwn() {
  try {
    const { chromium } = createRequire(import.meta.url)('playwright')
    return [chromium.executablePath()]
  } catch {
    return [] // nothing is installed yet, or Playwright has no Chromium for this platform
  }
}

async function installFromDebian() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const lock = ['-o', 'DPkg::Lock::Timeout=300']
  const update = await runCommand('apt-get', [...lock, 'update'], { env, timeoutMs: 300_000 })
  if (!update.ok) return update
  const wanted = ['install', '-y', '--no-install-recommends', 'chromium']
  return runCommand('apt-get', [...lock, ...wanted], { env, timeoutMs: 900_000 })
}

function installFromPlaywright() {
  const asRoot = process.getuid?.() === 0 ? ['--with-deps'] : []
  return runCommand(process.execPath, [programOf('playwright'), 'install', ...asRoot, 'chromium'], {
    timeoutMs: 900_000,
  })
}

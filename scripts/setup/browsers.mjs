// Finds the browsers that the tests run in, or installs them: from the distribution where that is possible, and Chromium
// also from Playwright.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { programOf, runCommand } from '../run/command.mjs'
import { canInstallPackages, installPackages } from './debian.mjs'

const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
const inFolders = (...names) => folders.flatMap((folder) => names.map((name) => join(folder, name)))

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {string} variable the environment variable with its path
 * @property {() => string[]} places where it usually is
 * @property {(file: string) => boolean} works
 * @property {string[]} packages those of Debian that bring it
 */

/** @type {Record<'chromium' | 'firefox' | 'webkitDriver' | 'miniBrowser' | 'xvfb', Program>} */
const programs = {
  chromium: {
    title: 'Chromium',
    variable: 'HOLDFAST_CHROMIUM',
    places: () => [
      ...inFolders('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      ...playwrightsOwn(),
    ],
    works: (file) => says(file, '--version', /chrom/i),
    packages: ['chromium'],
  },
  firefox: {
    title: 'Firefox',
    variable: 'HOLDFAST_FIREFOX',
    places: () => [
      ...inFolders('firefox-esr', 'firefox'),
      '/Applications/Firefox.app/Contents/MacOS/firefox',
    ],
    works: (file) => says(file, '--version', /mozilla firefox/i),
    packages: ['firefox-esr'],
  },
  webkitDriver: {
    title: "WebKitGTK's driver",
    variable: 'HOLDFAST_WEBKIT_DRIVER',
    places: () => inFolders('WebKitWebDriver'),
    works: (file) => says(file, '--help', /WebKitWebDriver/),
    packages: ['webkit2gtk-driver'],
  },
  miniBrowser: {
    title: "WebKitGTK's MiniBrowser",
    variable: 'HOLDFAST_MINIBROWSER',
    places: miniBrowsers,
    works: existsSync, // it says nothing without a display
    packages: ['webkit2gtk-driver'],
  },
  xvfb: {
    title: 'Xvfb, the display of WebKitGTK',
    variable: 'HOLDFAST_XVFB',
    places: () => inFolders('Xvfb'),
    works: existsSync,
    packages: ['xvfb', 'xauth'],
  },
}

const found = {}

/** Tells where Chromium is. @throws Error when there is none, with what to do */
export const chromiumExecutable = () => pathOf('chromium')
/** Tells where Firefox is. @throws Error when there is none, with what to do */
export const firefoxExecutable = () => pathOf('firefox')
/** Tells where the parts of WebKitGTK are. @throws Error when one is missing, with what to do */
export const webkitExecutables = () => ({
  driver: pathOf('webkitDriver'),
  browser: pathOf('miniBrowser'),
  xvfb: pathOf('xvfb'),
})

/** Finds or installs Chromium. @returns {Promise<import('../run/steps.mjs').Outcome>} */
export const installChromium = (print = console.log) => install(['chromium'], print)
/** Finds or installs Firefox. @returns {Promise<import('../run/steps.mjs').Outcome>} */
export const installFirefox = (print = console.log) => install(['firefox'], print)

/**
 * Finds or installs WebKitGTK with its driver and a display for it. There is none but for Linux: elsewhere this is no
 * failure, and the tests that need it are skipped and say so.
 * @returns {Promise<import('../run/steps.mjs').Outcome>}
 */
export function installWebKit(print = console.log) {
  if (process.platform === 'linux') return install(['webkitDriver', 'miniBrowser', 'xvfb'], print)
  return Promise.resolve({ ok: true, output: `${noWebKitReason()}\n`, show: true })
}

/** Says why there is no WebKit to test on this platform; `undefined` on Linux. @returns {string | undefined} */
export function noWebKitReason() {
  return process.platform === 'linux' ? undefined : 'WebKitGTK and its driver exist for Linux only'
}

async function install(keys, print) {
  let output = ''
  for (const way of [installFromDebian, installFromPlaywright]) {
    const missing = keys.filter((key) => find(key) === undefined)
    if (missing.length === 0) return { ok: true, output: '' }
    output += (await way(missing, print))?.output ?? ''
  }
  const missing = keys.filter((key) => find(key) === undefined)
  return { ok: missing.length === 0, output: `${output}\n${missing.map(adviceFor).join('\n')}\n` }
}

function pathOf(key) {
  const file = find(key)
  if (file) return file
  throw new Error(adviceFor(key))
}

function adviceFor(key) {
  const { title, variable, packages } = programs[key]
  return (
    `${title}: not found; install ${packages.join(' and ')} (Debian's name), run \`npm test\` as root on Debian, ` +
    `which does that, or set ${variable} to its path`
  )
}

function find(key) {
  found[key] ??= look(programs[key])
  return found[key]
}

function look({ variable, places, works }) {
  const given = process.env[variable]
  if (!given) return places().find((file) => existsSync(file) && works(file))
  if (existsSync(given) && works(given)) return given
  throw new Error(`${variable}: nothing that works is at ${given}`)
}

/** Some distributions put a script in the place of a browser that only says what to install. */
function says(file, argument, words) {
  const { status, stdout, stderr } = spawnSync(file, [argument], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && words.test(stdout + stderr)
}

function playwrightsOwn() {
  try {
    const { chromium } = createRequire(import.meta.url)('playwright')
    return [chromium.executablePath()]
  } catch {
    return [] // nothing is installed yet, or Playwright has no Chromium for this platform
  }
}

/** It is no program for people, and lies beside the library: /usr/lib/<machine>/webkit2gtk-4.1/MiniBrowser. */
function miniBrowsers() {
  const libraries = ['/usr/lib', '/usr/libexec', '/usr/lib64'].filter((folder) => existsSync(folder))
  const machines = libraries.flatMap((folder) => [folder, ...foldersIn(folder, /-linux/)])
  return machines
    .flatMap((folder) => foldersIn(folder, /^webkit2?gtk-/))
    .map((folder) => join(folder, 'MiniBrowser'))
}

const foldersIn = (folder, name) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && name.test(entry.name))
    .map((entry) => join(folder, entry.name))

function installFromDebian(missing, print) {
  if (!canInstallPackages()) return undefined
  return installPackages([...new Set(missing.flatMap((key) => programs[key].packages))], print)
}

function installFromPlaywright(missing, print) {
  if (!missing.includes('chromium')) return undefined
  print('     installing Chromium with Playwright')
  const asRoot = process.getuid?.() === 0 ? ['--with-deps'] : []
  return runCommand(process.execPath, [programOf('playwright'), 'install', ...asRoot, 'chromium'], {
    timeoutMs: 900_000,
  })
}

// Every place that the library claims to work in: the rows of docs/platforms.md.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromiumExecutable, firefoxExecutable, webkitExecutables } from '../setup/browsers.mjs'
import { runtimes, versionOfRuntime } from './runtimes.mjs'

/**
 * @typedef {object} Row
 * @property {string} name how the names of its tests begin
 * @property {boolean} modes whether it runs in plain and in resume mode, each a place of its own
 * @property {() => string} version
 */

const schemes = ['ws', 'wss']
const kinds = ['page', 'worker', 'shared worker', 'service worker']

/** Engine to the command that says its version. */
const engines = {
  Chromium: () => [chromiumExecutable()],
  Firefox: () => [firefoxExecutable()],
  // It says nothing without a display.
  WebKitGTK: () => ['xvfb-run', '-a', webkitExecutables().browser],
}

const browserRows = Object.entries(engines).flatMap(([engine, command]) =>
  kinds.flatMap((kind) =>
    schemes.map((scheme) => ({
      name: `${engine} ${kind} over ${scheme}`,
      modes: true,
      version: () => versionSaidBy(command()),
    })),
  ),
)

/** Runtimes with a WebSocket of their own beside `ws`. */
export const withOwnSocket = runtimes.filter((runtime) => !['Node 20', 'workerd'].includes(runtime))

const runtimeRows = runtimes.flatMap((runtime) => {
  const version = () => versionOfRuntime(runtime) ?? ''
  const names = withOwnSocket.includes(runtime) ? [runtime, `${runtime} with its own WebSocket`] : [runtime]
  return names.map((name) => ({ name, modes: true, version }))
})

/** Bundler, by its name in the table, to its name in bundlers/build.mjs and its package. */
export const bundlers = {
  esbuild: { build: 'esbuild', package: 'esbuild' },
  rollup: { build: 'rollup', package: 'rollup' },
  webpack: { build: 'webpack', package: 'webpack' },
  Vite: { build: 'vite', package: 'vite' },
  'Vite SSR': { build: 'vite-ssr', package: 'vite', server: true },
  'Vite SSR, one file': { build: 'vite-ssr-one-file', package: 'vite', server: true },
}

const bundlerRows = Object.entries(bundlers).map(([name, one]) => ({
  name,
  modes: false,
  version: () => lockedVersion('bundlers', one.package),
}))

/** Compiler, by its name in the table, to the set of tools that has it. */
export const compilers = { 'TypeScript, oldest': 'types-oldest', 'TypeScript, newest': 'types-newest' }

const compilerRows = Object.entries(compilers).map(([name, set]) => ({
  name,
  modes: false,
  version: () => lockedVersion(set, 'typescript'),
}))

const nodeRows = schemes.map((scheme) => ({
  name: `Node over ${scheme}`,
  modes: true,
  version: () => process.versions.node,
}))

/** The tables of the page, and their rows. @type {Readonly<Record<string, readonly Row[]>>} */
export const tables = {
  Browsers: browserRows,
  Runtimes: [...nodeRows, ...runtimeRows],
  Bundlers: bundlerRows,
  'Compilers of types': compilerRows,
}

/** The places of a row, by the names of their tests. @param {Row} row */
export function placesOf({ name, modes }) {
  return modes ? [`${name}, plain`, `${name}, resume`] : [name]
}

/** The names of all places. */
export const placeNames = Object.values(tables).flat().flatMap(placesOf)

/** Asked once for each program: some take a second to say it. */
const said = new Map()

function versionSaidBy(command) {
  const key = command.join(' ')
  if (!said.has(key)) said.set(key, askVersion(command))
  return said.get(key)
}

function askVersion([program, ...args]) {
  const { stdout } = spawnSync(program, [...args, '--version'], { encoding: 'utf8', timeout: 20_000 })
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0] ?? ''
}

/** Reads the version of a package from the lockfile of a set of tools. */
function lockedVersion(set, name) {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, set, 'package-lock.json'), 'utf8'))
  return lock.packages[`node_modules/${name}`].version
}

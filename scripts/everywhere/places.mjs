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
 * @property {readonly string[]} files the tests that run there, in `e2e/`
 */

const schemes = ['ws', 'wss']
const kinds = ['page', 'worker', 'shared worker', 'service worker']

/** Engine to the command that says its version, and the file with its tests. */
const engines = {
  Chromium: { command: () => [chromiumExecutable()], file: 'everywhere/chromium.test.ts' },
  Firefox: { command: () => [firefoxExecutable()], file: 'everywhere/firefox.test.ts' },
  // It says nothing without a display.
  WebKitGTK: {
    command: () => ['xvfb-run', '-a', webkitExecutables().browser],
    file: 'everywhere/webkit.test.ts',
  },
}

const browserRows = Object.entries(engines).flatMap(([engine, { command, file }]) =>
  kinds.flatMap((kind) =>
    schemes.map((scheme) => ({
      name: `${engine} ${kind} over ${scheme}`,
      modes: true,
      version: () => versionSaidBy(command()),
      files: [file],
    })),
  ),
)

/** Runtimes with a WebSocket of their own beside `ws`. */
export const withOwnSocket = runtimes.filter((runtime) => !['Node 20', 'workerd'].includes(runtime))

const filesOfProcesses = [
  'everywhere/runtimes.test.ts',
  'everywhere/ends.test.ts',
  'everywhere/forms.test.ts',
]
const filesOfWorkers = ['everywhere/workerd.test.ts']

const runtimeRows = runtimes.flatMap((runtime) => {
  const version = () => versionOfRuntime(runtime) ?? ''
  const names = withOwnSocket.includes(runtime) ? [runtime, `${runtime} with its own WebSocket`] : [runtime]
  const files = runtime === 'workerd' ? filesOfWorkers : filesOfProcesses
  return names.map((name) => ({ name, modes: true, version, files }))
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
  files: ['everywhere/bundlers.test.ts'],
}))

/** Compiler, by its name in the table, to the set of tools that has it. */
export const compilers = { 'TypeScript, oldest': 'types-oldest', 'TypeScript, newest': 'types-newest' }

const compilerRows = Object.entries(compilers).map(([name, set]) => ({
  name,
  modes: false,
  version: () => lockedVersion(set, 'typescript'),
  files: ['everywhere/types.test.ts'],
}))

const nodeRows = schemes.map((scheme) => ({
  name: `Node over ${scheme}`,
  modes: true,
  version: () => process.versions.node,
  files: ['everywhere/node.test.ts'],
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

/** The files with the tests of the places whose names begin so. @param {string} [begin] */
export function filesOfPlaces(begin = '') {
  const rows = Object.values(tables)
    .flat()
    .filter((row) => placesOf(row).some((name) => name.startsWith(begin)))
  return [...new Set(rows.flatMap(({ files }) => files))].map((file) => `e2e/${file}`)
}

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

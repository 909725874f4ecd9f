// What runs found so far: a file for each file of tests, so that a run that was ended can go on where it was.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { filesUnder } from '../check/source-files.mjs'
import { root } from '../project.mjs'
import { toolSets } from './install-tools.mjs'
import { appFolder, toolsFolder } from './folders.mjs'

/**
 * @typedef {{ passed: string[], failed: string[], limited: string[], finished: boolean }} Suite names of tests; `finished`:
 *   all of it ran, and nothing around its tests failed
 * @typedef {{ key: string, suites: Record<string, Suite>, broken: string[] }} FileResults suites by name, the outermost ones
 *   alone; a test outside of all is in `''`
 */

const folder = join(toolsFolder, 'results')
const shared = ['e2e/lab', 'e2e/scenarios', 'e2e/runtimes', 'e2e/everywhere']

/** Where the results of a file of tests are. @param {string} file from the root */
export const resultsPath = (file) => join(folder, `${file.replace(/\W+/g, '-')}.json`)

/** Forgets all results. */
export const clearResults = () => rmSync(folder, { recursive: true, force: true })

/**
 * Names what is tested and how: results of another key say nothing about this one. Declarations are read by compilers alone,
 * and source maps by nobody here.
 * @param {string} file of tests
 */
export function keyOf(file) {
  const hash = createHash('sha256')
  const skipped = file.endsWith('/types.test.ts') ? /\.map$/ : /\.(map|d\.[cm]?ts)$/
  for (const one of installedFiles().filter((path) => !skipped.test(path)))
    hash.update(`${one}\n`).update(readFileSync(join(appFolder, 'node_modules', one)))
  const sources = shared.flatMap((one) => filesUnder(root, one, /\.m?ts$|\.mjs$/))
  const locks = toolSets.map((set) => `scripts/everywhere/${set}/package-lock.json`)
  for (const one of [...new Set([...sources, ...locks, file])].sort())
    hash.update(readFileSync(join(root, one)))
  return hash.digest('hex')
}

/** The files of our packages in the application, and the manifests of all others. */
function installedFiles() {
  const ours = /^(holdfast|@holdfast[\\/])/
  return readdirSync(join(appFolder, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(join(appFolder, 'node_modules'), join(entry.parentPath ?? entry.path, entry.name)),
    )
    .filter((path) => ours.test(path) || basename(path) === 'package.json')
    .sort()
}

/** Reads what was found; nothing, if it is of another key. @param {string} path @param {string} key @returns {FileResults} */
export function readResults(path, key) {
  const nothing = { key, suites: {}, broken: [] }
  if (!existsSync(path)) return nothing
  const found = JSON.parse(readFileSync(path, 'utf8'))
  return found.key === key ? found : nothing
}

/** Writes what was found, in one step: whoever reads it meanwhile finds the old. @param {string} path @param {FileResults} results */
export function writeResults(path, results) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, JSON.stringify(results))
  renameSync(`${path}.new`, path)
}

/** Tells whether a suite ran to its end without a failure. @param {Suite} suite */
export const isDone = ({ finished, passed, failed, limited }) =>
  finished && failed.length === 0 && passed.length + limited.length > 0

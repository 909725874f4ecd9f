// npm run reproducible: builds packages twice, into folders of their own, and compares every file.
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesUnder } from './check/source-files.mjs'
import { published, root } from './project.mjs'
import { programOf, runCommand } from './run/command.mjs'
import { runIfMain } from './run/report-problems.mjs'

/**
 * Names the files that differ between two folders.
 * @param {string} first
 * @param {string} second
 */
export function differences(first, second) {
  const [one, other] = [first, second].map(hashes)
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (file) => one[file] !== other[file],
  )
}

function hashes(folder) {
  const files = filesUnder(folder, '.', /./)
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  )
}

/** Copies what a build reads, so that the folder's name and place are others. */
function copyOf(folder) {
  for (const part of ['packages', 'scripts', 'package.json', 'tsconfig.json', 'rollup.config.mjs']) {
    cpSync(join(root, part), join(folder, part), { recursive: true, filter: (path) => !ignored.test(path) })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
}

const ignored = /[/\\](node_modules|dist|test|fuzz|sim|model|measure)$/

async function build(folder, name) {
  const args = [programOf('rollup'), '-c', '--silent', '--configOnly', name]
  const { ok, output } = await runCommand(process.execPath, args, { cwd: folder })
  if (!ok) throw new Error(`packages/${name}: cannot be built: ${output}`)
}

/**
 * Builds packages twice, each time in a folder of its own, and names the files that are not the same both times.
 * @param {string} _root
 * @param {readonly string[]} [names]
 */
export async function checkReproducible(_root, names = Object.keys(published)) {
  const folders = ['first', 'again'].map((name) => mkdtempSync(join(tmpdir(), `holdfast-${name}-`)))
  try {
    for (const folder of folders) copyOf(folder)
    const problems = []
    for (const name of names) {
      for (const folder of folders) await build(folder, name)
      const [one, other] = folders.map((folder) => join(folder, 'packages', name, 'dist'))
      const different = differences(one, other)
      problems.push(
        ...different.map((file) => `packages/${name}/dist/${file}: is not the same when built again`),
      )
    }
    return { problems, report: `${names.length} packages, built twice` }
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

await runIfMain(import.meta.url, checkReproducible)

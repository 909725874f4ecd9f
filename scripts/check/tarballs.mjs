// What is in a published package is what its users need, and nothing else: no tests, no sources, no scripts that run by themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programs, published, speakProtocol } from '../project.mjs'
import { runCommand } from '../run/command.mjs'
import { runIfMain } from '../run/report-problems.mjs'

/** Scripts that npm runs when somebody installs a package. */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']

/** Files of a package besides those of its build. */
const always = ['package.json', 'README.md', 'LICENSE']

/**
 * Names what is in a package and has no business there, and what is missing.
 * @param {string} name folder in `packages/`
 * @param {readonly string[]} files as packed
 * @param {{ scripts?: Record<string, string> }} manifest
 */
export function judgeTarball(name, files, { scripts = {} }) {
  const entries = Object.keys(published[name])
  const expected = [...always, ...entries.map((entry) => `dist/${entry}.js`)]
  const libraries = entries.filter((entry) => !programs.includes(entry))
  for (const entry of libraries)
    expected.push(`dist/${entry}.cjs`, `dist/${entry}.d.ts`, `dist/${entry}.d.cts`)
  return [
    ...files.filter((file) => !isKnown(name, file)).map((file) => `packages/${name}: packs ${file}`),
    ...expected
      .filter((file) => !files.includes(file))
      .map((file) => `packages/${name}: does not pack ${file}`),
    ...installScripts
      .filter((script) => script in scripts)
      .map((script) => `packages/${name}: runs a script when it is installed, ${script}`),
  ]
}

/** Code with its map and types, and what the protocol is. */
function isKnown(name, file) {
  if (always.includes(file)) return true
  if (speakProtocol.includes(name) && /^dist\/protocol\/[\w./-]+\.(md|json|jsonl)$/i.test(file)) return true
  return /^dist\/[\w.-]+\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts|js\.sri)$/.test(file)
}

/** @param {string} root */
export async function checkTarballs(root) {
  const reports = await Promise.all(
    Object.keys(published).map(async (name) => {
      const folder = join(root, 'packages', name)
      const { ok, output } = await runCommand('npm', [
        'pack',
        '--dry-run',
        '--json',
        '--ignore-scripts',
        folder,
      ])
      if (!ok) return [`packages/${name}: cannot be packed: ${output}`]
      const [{ files }] = JSON.parse(output.slice(output.indexOf('[\n')))
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      return judgeTarball(
        name,
        files.map(({ path }) => path),
        manifest,
      )
    }),
  )
  return { problems: reports.flat() }
}

await runIfMain(import.meta.url, checkTarballs)

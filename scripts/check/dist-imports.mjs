// What a built file imports is there for whoever installs the package: declared, or part of Node. Types count as well.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { published } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'
import { importsOf } from './imports.mjs'
import { filesUnder } from './source-files.mjs'

/** @param {string} root */
export function checkDistImports(root, names = Object.keys(published)) {
  const problems = names.flatMap((name) => {
    const folder = join(root, 'packages', name)
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const there = new Set([...Object.keys({ ...dependencies, ...peerDependencies }), ...builtinModules])
    const files = filesUnder(join(folder, 'dist'), '.', /\.(js|cjs|d\.ts|d\.cts)$/)
    if (files.length === 0) return [`packages/${name}/dist: was not built`]
    return files.flatMap((file) =>
      importsOf(join(folder, 'dist'), file)
        .filter((one) => !one.startsWith('.') && !one.startsWith('node:') && !there.has(packageOf(one)))
        .map((one) => `packages/${name}/dist/${file}: imports '${one}', which nobody installs with it`),
    )
  })
  return { problems }
}

function packageOf(name) {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

await runIfMain(import.meta.url, checkDistImports)

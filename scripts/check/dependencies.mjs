// What an application installs with a package is a decision with a reason, not an accident.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { published } from '../project.mjs'
import { runIfMain } from '../run/report-problems.mjs'

const listFile = 'scripts/check/dependencies.json'

/** @param {string} root */
export function checkDependencies(root, names = Object.keys(published), reasons = readReasons()) {
  const problems = names.flatMap((name) => {
    const path = join(root, 'packages', name, 'package.json')
    if (!existsSync(path)) return [`packages/${name}: has no package.json`]
    const {
      dependencies = {},
      optionalDependencies = {},
      bundledDependencies = [],
    } = JSON.parse(readFileSync(path, 'utf8'))
    const installed = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...bundledDependencies]
    const listed = reasons[name] ?? {}
    return [
      ...installed
        .filter((one) => !listed[one])
        .map((one) => `packages/${name}: installs ${one}, which has no reason in ${listFile}`),
      ...Object.keys(listed)
        .filter((one) => !installed.includes(one))
        .map((one) => `packages/${name}: ${one} is in ${listFile} and not in package.json`),
    ]
  })
  return { problems }
}

function readReasons() {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'dependencies.json'), 'utf8'))
}

await runIfMain(import.meta.url, checkDependencies)

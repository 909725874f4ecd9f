// The runtimes that scenarios run in: pinned, and installed by `npm run everywhere`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { modulesOf } from './folders.mjs'

/** What a package for one platform is called, where names are not Node's own. */
const platform = `${process.platform}-${process.arch}`
const bunPlatform = platform.replace('arm64', 'aarch64')
const workerdPlatform = platform.replace('x64', '64').replace('win32', 'windows')
const denoPlatform = process.platform === 'linux' ? `${platform}-glibc` : platform
const suffix = process.platform === 'win32' ? '.exe' : ''

/** Runtime to its program, from its `node_modules`. */
const programs = {
  'Node 20': `node20-${platform}/bin/node`,
  'Node 22': `node22-${platform}/bin/node`,
  'Node 24': `node24-${platform}/bin/node`,
  'Node 26': `node26-${platform}/bin/node`,
  Bun: `@oven/bun-${bunPlatform}/bin/bun`,
  Deno: `@deno/${denoPlatform}/deno`,
  workerd: `@cloudflare/workerd-${workerdPlatform}/bin/workerd`,
}

/** The names of the runtimes. */
export const runtimes = Object.keys(programs)

/**
 * Gives the program of a runtime.
 * @param {string} runtime
 * @throws Error when it is not installed, with what to do
 */
export function programOfRuntime(runtime) {
  const file = join(modulesOf('runtimes'), `${programs[runtime]}${suffix}`)
  if (existsSync(file)) return file
  throw new Error(`${runtime}: not installed; run \`npm run everywhere\`, which installs it where it exists`)
}

/** Gives the pinned version of a runtime. @param {string} runtime */
export function versionOfRuntime(runtime) {
  const [scope, name] = programs[runtime].split('/')
  const folder = scope.startsWith('@') ? `${scope}/${name}` : scope
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, 'runtimes/package-lock.json'), 'utf8'))
  return lock.packages[`node_modules/${folder}`]?.version
}

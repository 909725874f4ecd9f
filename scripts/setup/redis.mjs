// Finds the Redis server that tests run, or installs it from the distribution.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { canInstallPackages, installPackages } from './debian.mjs'

const advice =
  "redis-server: not found; install redis-server (Debian's name), run `npm test` as root on Debian, which does that, or set " +
  'HOLDFAST_REDIS to its path'

/** Tells where Redis is. @returns {string} @throws Error when there is none, with what to do */
export function redisExecutable() {
  const file = find()
  if (file) return file
  throw new Error(advice)
}

/** Tells whether there is one. */
export const isRedisInstalled = () => find() !== undefined

/** Finds or installs Redis. @returns {Promise<import('../run/steps.mjs').Outcome>} */
export async function installRedis(print = console.log) {
  if (find()) return { ok: true, output: '' }
  if (!canInstallPackages()) return { ok: false, output: `${advice}\n` }
  const { output } = await installPackages(['redis-server'], print)
  return find() ? { ok: true, output } : { ok: false, output: `${output}\n${advice}\n` }
}

function find() {
  const given = process.env['HOLDFAST_REDIS']
  if (given) {
    if (works(given)) return given
    throw new Error(`HOLDFAST_REDIS: nothing that works is at ${given}`)
  }
  const folders = [
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  return folders
    .flatMap((folder) => ['redis-server', 'valkey-server'].map((name) => join(folder, name)))
    .find((file) => existsSync(file) && works(file))
}

function works(file) {
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && /server v=/i.test(stdout)
}

// Runs a Redis for as long as the process that started this one lives, even when that one is killed.
// Arguments: the program, the folder for its socket and its data.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'

const [program, folder] = process.argv.slice(2)
// Everything is on disk before it is answered: this is what `durable` of the store promises.
const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
const where = ['--port', '0', '--unixsocket', join(folder, 'redis.sock'), '--dir', folder]
// A group of its own: Ctrl-C is not for Redis, which the nodes need to the end.
const redis = spawn(program, [...where, ...settings], { stdio: 'ignore', detached: true })

redis.once('error', (error) => {
  console.error(`${program}: ${error.message}`)
  process.exit(1)
})
// As Redis ended, so does this.
redis.once('exit', (code, signal) =>
  signal === null ? process.exit(code) : process.kill(process.pid, signal),
)
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})
process.once('SIGTERM', () => redis.kill('SIGTERM'))
process.once('disconnect', () => {
  redis.prependOnceListener('exit', () => rmSync(folder, { recursive: true, force: true }))
  redis.kill('SIGKILL')
})
if (redis.pid !== undefined) process.send?.({ pid: redis.pid })

// A Redis of the test's own, on a Unix socket, that can be killed and started again with its data.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createClient } from 'redis'
import { redisExecutable } from '../../scripts/setup/redis.mjs'

/** Prepares a Redis in a folder; `durable` is on disk before it answers, otherwise nothing is. */
export function redisIn(folder, durable) {
  const socket = join(folder, 'redis.sock')
  const onDisk = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  let running
  process.once('exit', () => running?.kill('SIGKILL'))
  return {
    socket,
    async start() {
      const where = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
      running = spawn(redisExecutable(), [...where, ...onDisk], { stdio: 'ignore' })
      const client = createClient({ socket: { path: socket, tls: false, reconnectStrategy: 20 } })
      client.on('error', () => {})
      await client.connect()
      // It answers while it still reads its data, with an error.
      while (!(await client.ping().catch(() => undefined)))
        await new Promise((resolve) => setTimeout(resolve, 5))
      client.destroy()
    },
    async kill() {
      const ended = once(running, 'exit')
      running.kill('SIGKILL')
      await ended
    },
  }
}

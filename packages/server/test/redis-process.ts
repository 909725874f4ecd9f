import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import type { RedisClient } from '../src/redis/index.ts'
import { redisExecutable } from '../../../scripts/setup/redis.mjs'

/** A Redis of a test, on a Unix socket of its own. */
export interface RedisProcess {
  readonly folder: string
  /** Starts it, again after `stop` or `kill` with what is in its folder. Resolves when it takes connections. */
  start(): Promise<void>
  /** Ends it: with its data saved or not, as its settings say. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Stops its process for a while; `resume` lets it go on. */
  pause(): void
  resume(): void
  /** Opens a connection, closed by `end`. */
  client(): Promise<RedisClient & { sendCommand(args: string[]): Promise<unknown> }>
  /** Ends it and everything that was opened. */
  end(): Promise<void>
}

/** Settings with which Redis writes nothing to a disk. */
export const forgetful = ['--save', '', '--appendonly', 'no']

/** Settings with which Redis writes what it has when it is told to save, and reads it at its start. */
export const snapshots = ['--save', '', '--appendonly', 'no', '--dbfilename', 'dump.rdb']

/** Settings with which every write is on disk before it is answered. */
export const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']

/** Prepares a Redis; `start` starts it. */
export function redisProcess(settings: readonly string[] = forgetful): RedisProcess {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
  const socket = join(folder, 'redis.sock')
  let running: ChildProcess | undefined
  const clients: ReturnType<typeof newClient>[] = []
  const newClient = () =>
    createClient({ socket: { path: socket, tls: false, reconnectStrategy: 20 } }).on('error', () => {})

  return {
    folder,
    async start() {
      const where = ['--port', '0', '--unixsocket', socket, '--dir', folder]
      running = spawn(redisExecutable(), [...where, ...settings], { stdio: 'ignore' })
      const client = newClient()
      await client.connect()
      // It answers while it still reads its data, with an error.
      while ((await client.ping().catch(() => '')) === '')
        await new Promise((resolve) => setTimeout(resolve, 5))
      client.destroy()
    },
    async stop(signal = 'SIGKILL') {
      const ended = running && once(running, 'exit')
      running?.kill(signal)
      await ended
      running = undefined
    },
    pause() {
      running?.kill('SIGSTOP')
    },
    resume() {
      running?.kill('SIGCONT')
    },
    async client() {
      const client = newClient()
      clients.push(client)
      await client.connect()
      return client
    },
    async end() {
      for (const client of clients) client.destroy()
      await this.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'
import { Part } from './part.mjs'

/**
 * Prepares a Redis in a folder, on a socket there: no port that somebody else could have, and nobody else can reach it.
 * @param {string} folder
 * @param {string} program
 * @param {(what: string) => void} onChange
 */
export function redisIn(folder, program, onChange) {
  const socket = join(folder, 'redis.sock')
  const part = new Part({
    name: 'redis',
    program: fileURLToPath(new URL('keep-redis.mjs', import.meta.url)),
    args: [program, folder],
    whenReady: () => answers(socket, () => part.state === 'starting'),
    onChange,
  })
  return { part, socket, forget: () => forgetSessions(socket) }
}

/** Waits until it takes commands: it answers while it still reads its data, with an error. */
async function answers(socket, isWanted) {
  const client = connection(socket, 20)
  void client.connect().catch(() => {})
  while (isWanted() && !(await isAnswered(client))) await new Promise((resolve) => setTimeout(resolve, 10))
  client.destroy()
}

function isAnswered(client) {
  return client.isReady ? client.ping().then(Boolean, () => false) : false
}

/** Deletes what the store keeps of sessions, and nothing else. */
async function forgetSessions(socket) {
  const client = connection(socket, false)
  await client.connect()
  try {
    let sessions = 0
    for await (const keys of client.scanIterator({ MATCH: 'hf:{*', COUNT: 1_000 })) {
      sessions += keys.filter((key) => key.endsWith(':s')).length
      if (keys.length > 0) await client.del(keys)
    }
    return sessions
  } finally {
    client.destroy()
  }
}

function connection(path, reconnectStrategy) {
  return createClient({ socket: { path, tls: false, reconnectStrategy } }).on('error', () => {})
}

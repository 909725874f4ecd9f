// The room, as it lies in Redis: one stream of lines, numbered 1, 2, 3, …, the same for every node.
import { randomUUID } from 'node:crypto'

/** How many lines are kept. */
const keptLines = 1_000

/** How long it is remembered how far a session had spoken: longer than a session may live without its client. */
const saidMs = 86_400_000

/**
 * Adds a line, unless the room has it: a message that comes in again after its server was killed has the same session and the
 * same number, and numbers of a session only grow.
 */
const appendScript = `
local log, last, said = KEYS[1], KEYS[2], KEYS[3]
if tonumber(redis.call('GET', said) or '0') >= tonumber(ARGV[1]) then return 0 end
local number = redis.call('INCR', last)
redis.call('XADD', log, 'MAXLEN', '~', ARGV[3], number .. '-0', 'line', ARGV[2])
redis.call('SET', said, ARGV[1], 'PX', ARGV[4])
redis.call('PUBLISH', ARGV[5], number)
return number
`

/**
 * Opens a room; the first node to do so makes it. Braces keep all its keys in one place of a Redis Cluster.
 * @param {import('redis').RedisClientType} client
 * @param {string} name
 */
export async function openRoom(client, name) {
  const base = `chat:{${name}}`
  const [log, last, news] = [`${base}:log`, `${base}:last`, `${base}:news`]
  await client.set(`${base}:id`, randomUUID(), { condition: 'NX' })
  return {
    name,
    /** Tells this room from one of the same name in another Redis, whose numbers mean something else. */
    id: await client.get(`${base}:id`),
    /** The channel on which it is told that there are new lines. */
    news,
    /** The channel on which nodes tell who is with them. */
    here: `${base}:here`,
    /** The number of the last line, 0 before the first. */
    last: async () => Number((await client.get(last)) ?? 0),
    /** Adds a line; `session` and `received` name the message for good. Resolves when Redis has it. */
    append: (session, received, line) =>
      client.eval(appendScript, {
        keys: [log, last, `${base}:said:${session}`],
        arguments: [received, JSON.stringify(line), keptLines, saidMs, news].map(String),
      }),
    /** Reads the lines after one number, up to another one. */
    async read(after, upTo = '+') {
      const entries = await client.xRange(log, `${after + 1}-0`, upTo === '+' ? '+' : `${upTo}-0`)
      return entries.map(({ id, message }) => ({ n: Number.parseInt(id, 10), ...JSON.parse(message.line) }))
    },
  }
}

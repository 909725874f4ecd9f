// One node of the cluster, as a process. Argument: JSON with node (its name), redis (a socket), origins (of pages).
// Tells its port to the process that started it, stops in good order at SIGTERM, and ends when that process is gone.
import { createServer } from '@holdfast/server'
import { createHub } from '@holdfast/server/hub'
import { redisStore } from '@holdfast/server/redis'
import { sessions } from '@holdfast/server/sessions'
import { createClient } from 'redis'
import { openPresence } from './presence.mjs'
import { openRoom } from './room.mjs'
import { followRoom } from './tail.mjs'
import { serveVisit } from './visit.mjs'

const { node, redis, origins } = JSON.parse(process.argv[2])

/** How often what could have been missed is looked after, and others are told who is here. */
const beatMs = 1_000
const stopDeadlineMs = 5_000

const client = connection()
const channel = connection()
await Promise.all([client.connect(), channel.connect()])

const hub = createHub()
const room = await openRoom(client, 'lobby')
const tail = await followRoom(room, (line) => toRoom({ kind: 'line', ...line }))
const presence = openPresence({
  node,
  hub,
  publish,
  onChange: (people) => toRoom({ kind: 'here', people }),
})
hub.on('empty', () => presence.tell())
await channel.subscribe(room.news, advance)
await channel.subscribe(room.here, (text) => presence.hear(text))
setInterval(() => {
  advance()
  presence.tell()
}, beatMs)

const server = createServer({
  origins,
  sessions: sessions({
    // Looked after every second, not every ten, so that somebody who says nothing learns soon that Redis forgot them.
    store: redisStore({ client, durable: true, leaseMs: 3_000 }),
    // A demonstration: everybody is who they say they are.
    authenticate: ({ auth }) => (isName(auth) ? { principal: auth } : null),
    ack: 'handled',
    ttlMs: 60_000,
    // Rather a gap, and a client that asks for what it lacks, than a line that is missing.
    overflow: 'end',
    leaveSpreadMs: 1_000,
    handler: (session) => serveVisit(session, { node, room, tail, hub, presence }),
  }),
})
server.on('error', ({ error }) => console.error(`node ${node}:`, error))
const { port } = await server.start()

process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group; who started us says what it means for us.
process.once('SIGTERM', () => void stop())
process.once('disconnect', () => process.exit(1))
process.send?.({ port })

async function stop() {
  await server.stop({ deadlineMs: stopDeadlineMs })
  hub.dispose()
  await publish(JSON.stringify({ node, people: [] }))
  process.exit(0)
}

function toRoom(message) {
  hub.broadcast(JSON.stringify(message), { room: room.name })
}

/** Tells the other nodes. What they do not hear now they need not hear later, so nothing waits for a Redis that is away. */
async function publish(text) {
  if (client.isReady) await client.publish(room.here, text).catch(() => {})
}

/** Without Redis there is nothing new; the next beat asks again. */
function advance() {
  tail.advance().catch(() => {})
}

/** A connection that tries again by itself, for as long as it takes. */
function connection() {
  return createClient({ socket: { path: redis, tls: false, reconnectStrategy: 100 } }).on('error', () => {})
}

function isName(auth) {
  return typeof auth === 'string' && auth.trim() === auth && auth.length >= 1 && auth.length <= 24
}

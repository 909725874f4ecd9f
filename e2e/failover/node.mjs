// One server of the fleet, as a process that can be killed and stopped. Everything that it hands out or takes in is a line of its
// log, written before anything follows from it, so that the log of a killed process is complete.
// Argument: JSON with port, redis (a socket), durable, log (a file), life (a name), sendEveryMs, deadlineMs, handOverMs. SIGTERM ends it in good
// order, SIGUSR2 its sending.
import { openSync, writeSync } from 'node:fs'
import { createServer } from '@holdfast/server'
import { redisStore } from '@holdfast/server/redis'
import { sessions } from '@holdfast/server/sessions'
import { createClient } from 'redis'

const { port, redis, durable, log, life, sendEveryMs, deadlineMs, handOverMs } = JSON.parse(process.argv[2])
const file = openSync(log, 'a')
const note = (event, fields) =>
  writeSync(file, `${JSON.stringify({ event, life, at: Date.now(), ...fields })}\n`)

const client = createClient({ socket: { path: redis, tls: false, reconnectStrategy: 20 } }).on(
  'error',
  () => {},
)
let objects = 0
const timers = new Set()
process.on('SIGUSR2', () => {
  for (const timer of timers) clearInterval(timer)
})

/** Takes what the client sends, and sends without end. */
function serve(session) {
  objects += 1
  const object = `${life}#${objects}`
  const { id, address } = session
  note('open', { object, id, address, principal: session.principal, received: session.received })
  session.on('message', (message) => note('got', { object, id, number: session.received, message }))
  let count = 0
  const timer = setInterval(() => {
    if (session.flow === 'backed-up') return
    const message = `${object}:${id}:${count + 1}`
    const receipt = session.send(message)
    // Not taken, because another server is about to have the session: as if it had not been sent.
    if (receipt.status === 'rejected') return
    count += 1
    note('sent', { id, message })
    void receipt.settled.then((fate) => note('fate', { message, fate }))
  }, sendEveryMs)
  session.on('state', ({ state }) => {
    if (state.name === 'attached') note('attached', { id, address })
  })
  session.on('closed', ({ cause }) => {
    clearInterval(timer)
    timers.delete(timer)
    note('closed', { object, id, cause })
  })
  timers.add(timer)
}

const server = createServer({
  port,
  pingIntervalMs: 1_000,
  pongTimeoutMs: 30_000,
  idleTimeoutMs: 120_000,
  admission: { perSecond: 100_000 },
  sessions: sessions({
    store: redisStore({ client, durable, leaseMs: 2_000, handOverMs }),
    authenticate: ({ auth }) => ({ principal: String(auth) }),
    handler: serve,
    ttlMs: 120_000,
  }),
})
server.on('error', ({ error }) => note('error', { message: String(error) }))
process.once('SIGTERM', async () => {
  process.once('exit', () => note('exit', {}))
  await server.stop({ deadlineMs })
  // Nothing else holds the process: it ends by itself, with its own exit code.
  client.destroy()
})
const address = await server.start()
process.stdout.write(`${JSON.stringify({ port: address.port })}\n`)

import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtPackage } from './built.ts'
import { node } from './child.ts'
import { ask, dial, until } from './running.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

const inPackage = builtPackage()
const nothing = { timers: 0, listeners: 0, sockets: 0, closing: 0 }

test('stop asks clients to go, within the time given, and gives back what sessions held', async () => {
  const at = await sessionServer({ leaveSpreadMs: 100 })
  const here = await joined(at)
  const away = await joined(at)
  const plain = await dial(at.url)
  await away.client.cut()
  await inState(away.session, 'detached')
  away.session.send('never taken')
  const ends = [here.session.closed, away.session.closed]
  const stopped = at.server.stop({ deadlineMs: 60_000 })
  await until(() => here.client.all('goaway').length === 1)
  expect(here.client.all('goaway')).toMatchObject([{ afterMs: 0, spreadMs: 100, why: 'stopping' }])
  expect(await plain.closed).toMatchObject({ code: 1001 })
  // Asked, and not gone: told to come back later.
  await until(() => here.client.closes.length === 1)
  expect(here.client.closes).toEqual([4503])
  expect(here.client.errors).toMatchObject([{ code: 4503, retry: 5_000 }])
  await stopped
  const [, lost] = await Promise.all(ends)
  expect(lost?.cause).toEqual({ kind: 'stopped' })
  expect(lost?.handBack.undelivered.map(({ message }) => message)).toEqual(['never taken'])
  expect(at.server.counters.closed).toMatchObject({ stop: 2, 'stop-forced': 0 })
  expect(at.server.resources).toEqual(nothing)
  expect(at.live.stats).toMatchObject({ heldBytes: 0, handBacks: { undelivered: 1 } })
  expect([...at.live]).toEqual([])
})

test('a client that goes when asked leaves its session waiting until the server has stopped', async () => {
  const at = await sessionServer({ leaveSpreadMs: 10_000 })
  const { client, session } = await joined(at)
  const states: string[] = []
  session.on('state', ({ state }) => states.push(state.name))
  const stopped = at.server.stop({ deadlineMs: 60_000 })
  await until(() => client.all('goaway').length === 1)
  client.socket?.close(1000)
  await stopped
  expect(states).toEqual(['detached', 'ended'])
  expect(session.state).toMatchObject({ cause: { kind: 'stopped' } })
})

test('a connection that is not let in yet is sent away at once', async () => {
  const at = await sessionServer({ authenticate: () => new Promise(() => {}), leaveSpreadMs: 10_000 })
  const client = at.client()
  await client.open()
  await until(() => at.server.connections.size === 1)
  const stopped = at.server.stop({ deadlineMs: 60_000 })
  await stopped
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4503])
  expect(at.server.resources).toEqual(nothing)
})

test('a stop that is forced gives back all the same', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  client.socket?.pause()
  session.send('sent')
  await at.server.stop({ deadlineMs: 0 })
  const { cause, handBack } = await session.closed
  expect(cause).toEqual({ kind: 'stopped' })
  expect(handBack.uncertain).toHaveLength(1)
  expect(at.server.resources).toEqual(nothing)
})

test('/stats tells of sessions', async () => {
  const at = await sessionServer({}, { exposeStats: true })
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  session.send('four')
  const { body } = await ask(new URL('/stats', at.url).href)
  expect(JSON.parse(body)).toMatchObject({
    sessions: {
      states: { unconfirmed: 0, attached: 0, detached: 1, closing: 0 },
      heldBytes: 4,
      opened: 1,
      resumed: 0,
      superseded: 0,
      gaps: {},
      ended: {},
      alarms: { token: 0, principal: 0 },
      handBacks: { uncertain: 0, undelivered: 0 },
    },
  })
})

test('hundreds of sessions wait without a connection, and nothing of their connections is left', async () => {
  const at = await sessionServer()
  const clients = Array.from({ length: 300 }, () => at.client())
  await Promise.all(clients.map((client) => client.connect()))
  await until(() => at.opened.length === 300)
  await Promise.all(clients.map((client) => client.cut()))
  await until(() => at.server.connections.size === 0)
  expect(at.live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: 300, closing: 0 })
  expect(at.server.resources).toMatchObject({ sockets: 0 })
})

test('a process with attached and detached sessions exits by itself after stop', async () => {
  const file = inPackage('sessions.mjs')
  writeFileSync(
    file,
    `import { once } from 'node:events'
import { WebSocket } from 'ws'
import { createServer } from './dist/index.js'
import { sessions } from './dist/sessions.js'
const live = sessions()
const server = createServer({ sessions: live })
const { url } = await server.start()
const hello = '\\u0010H' + JSON.stringify({ v: [1], sid: null, tok: null, att: 1, rx: 0, ack: 0, max: 1000, win: [9, 9000], cid: 'c' })
for (let n = 0; n < 2; n += 1) {
  const socket = new WebSocket(url, ['holdfast.v1'])
  await once(socket, 'open')
  socket.send(hello)
  await once(socket, 'message')
  socket.send('hello')
  await once(socket, 'message')
  if (n === 0) {
    socket.close()
    await once(socket, 'close')
  }
}
for (const session of live) session.closed.then(({ cause }) => console.log(cause.kind))
await server.stop({ deadlineMs: 100 })
`,
  )
  const { exit, out, err } = node(file)
  expect(await exit, err()).toBe(0)
  expect(out()).toBe('stopped\nstopped\n')
  expect(err()).toBe('')
})

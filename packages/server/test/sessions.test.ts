import { expect, test } from 'vitest'
import { echoSessions } from '../src/sessions/index.ts'
import { dial, until } from './running.ts'
import { SessionClient } from './session-client.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

test('messages go both ways, as text and as binary, in order', async () => {
  const at = await sessionServer({ handler: echoSessions })
  const { client, session } = await joined(at)
  client.send('a')
  client.send('')
  client.send('\u0010escaped')
  client.send(Uint8Array.of(1, 2, 3))
  await until(() => client.received.length === 4)
  expect(client.received).toEqual(['a', '', '\u0010escaped', Buffer.from([1, 2, 3])])
  expect(at.inbox(session)).toEqual(['a', '', '\u0010escaped', Buffer.from([1, 2, 3])])
  expect(session.state).toMatchObject({ name: 'attached', connection: 'c1' })
})

test('connections without the subprotocol keep the plain handler', async () => {
  const at = await sessionServer()
  const { socket, received } = await dial(at.url)
  socket.send('hello')
  await until(() => received.length === 1)
  expect(received).toEqual(['hello'])
  expect(at.opened).toHaveLength(0)
})

test('a session goes on after a cut, with nothing lost or doubled in either direction', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  const sent = { up: [] as string[], down: [] as string[] }
  for (let round = 0; round < 20; round += 1) {
    for (let n = 0; n < 30; n += 1) {
      const name = `${round}.${n}`
      sent.up.push(name)
      sent.down.push(name)
      client.send(name)
      session.send(name)
    }
    // Cut while both directions are under way.
    client.socket?.terminate()
    session.send(`away ${round}`)
    sent.down.push(`away ${round}`)
    const { outcome } = await client.connect()
    expect(outcome.name).toBe('resumed')
  }
  await until(() => at.inbox(session).length >= sent.up.length && client.received.length >= sent.down.length)
  expect(at.inbox(session)).toEqual(sent.up)
  expect(client.received).toEqual(sent.down)
  expect(at.opened).toEqual([session])
  expect(at.live.stats).toMatchObject({ opened: 1, resumed: 20, gaps: {}, ended: {} })
})

test('a receipt tells the way of a message', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  const receipt = session.send('x')
  expect(receipt.status).toBe('queued')
  expect(session.held).toEqual({ messages: 1, bytes: 1 })
  await client.connect()
  await until(() => receipt.status !== 'queued')
  expect(['written', 'acked']).toContain(receipt.status)
  expect(await receipt.settled).toBe('acked')
  await session.flushed()
  expect(session.held).toEqual({ messages: 0, bytes: 0 })
  expect(at.live.stats?.heldBytes).toBe(0)
})

test('pings are answered, and tell the round-trip time', async () => {
  const at = await sessionServer({}, { pingIntervalMs: 1_000 })
  const { client, session } = await joined(at)
  expect(session.rttMs).toBeUndefined()
  await until(() => session.rttMs !== undefined)
  expect(session.rttMs).toBeGreaterThanOrEqual(0)
  expect(client.frames.some((frame) => typeof frame === 'string' && frame.startsWith('\u0010P'))).toBe(true)
})

test('a late HELLO of an abandoned attempt changes nothing', async () => {
  const answers: (() => void)[] = []
  let wait = false
  const at = await sessionServer({
    authenticate: () =>
      wait
        ? new Promise((resolve) => answers.push(() => resolve({ principal: 'ada' })))
        : { principal: 'ada' },
  })
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  // The first attempt hangs in authentication while the client has long gone on to a second.
  wait = true
  const abandoned = await client.open()
  const left = new Promise<number>((resolve) => abandoned.on('close', resolve))
  await until(() => answers.length === 1)
  wait = false
  expect((await client.connect()).outcome.name).toBe('resumed')
  client.send('new')
  answers[0]?.()
  expect(await left).toBe(4412)
  client.send('newer')
  await until(() => at.inbox(session).length === 2)
  expect(at.inbox(session)).toEqual(['new', 'newer'])
  expect(session.state.name).toBe('attached')
})

test('an answer that was lost twice in a row does not strand the client', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  for (let n = 0; n < 2; n += 1) {
    await client.cut()
    const before = at.live.stats?.resumed ?? 0
    const socket = await client.open()
    // What the server says does not get through: the listener of the client is gone.
    socket.removeAllListeners('message')
    await until(() => (at.live.stats?.resumed ?? 0) > before)
  }
  await client.cut()
  expect((await client.connect()).outcome.name).toBe('resumed')
  client.send('a')
  await until(() => at.inbox(session).length === 1)
  expect(at.live.stats).toMatchObject({ alarms: { token: 0 }, gaps: {} })
})

test("the application's own subprotocol is agreed on inside the session", async () => {
  const at = await sessionServer({ proto: ['b', 'c'] })
  const client = new SessionClient(at.url, { proto: ['a', 'b'] })
  expect((await client.connect()).welcome.proto).toBe('b')
  await until(() => at.opened.length === 1)
  expect(at.opened[0]?.proto).toBe('b')
})

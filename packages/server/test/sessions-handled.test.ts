import { expect, test } from 'vitest'
import { echoSessions } from '../src/sessions/index.ts'
import { until } from './running.ts'
import { joined, sessionServer } from './sessions-running.ts'

/** Promises that a test settles one by one, in any order. */
function pile() {
  const open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  const hold = (name: unknown) =>
    new Promise<void>((resolve, reject) => open.set(String(name), { resolve, reject }))
  return { open, hold }
}

test('what is acknowledged is what handlers settled without a hole', async () => {
  const { open, hold } = pile()
  const at = await sessionServer({
    ack: 'handled',
    handler: (session) => void session.on('message', hold),
  })
  const { client } = await joined(at)
  for (const name of ['a', 'b', 'c']) client.send(name)
  await until(() => open.size === 3)
  open.get('b')?.resolve()
  open.get('c')?.resolve()
  // A round trip later nothing is acknowledged, as the first is not handled.
  client.core.ping(1)
  client.run()
  await until(() => client.all('pong').length === 1)
  expect(client.acked).toEqual([])
  open.get('a')?.resolve()
  await until(() => client.acked.length === 3)
})

test('a handler that rejects counts as handled, and is reported', async () => {
  const { open, hold } = pile()
  const at = await sessionServer({
    ack: 'handled',
    handler: (session) => void session.on('message', hold),
  })
  const { client } = await joined(at)
  client.send('a')
  await until(() => open.size === 1)
  open.get('a')?.reject(new Error('no'))
  await until(() => client.acked.length === 1)
  expect(at.errors).toEqual([new Error('no')])
})

test('a message that waits for two handlers and a loop is handled when all three are done', async () => {
  const { open, hold } = pile()
  const at = await sessionServer({
    ack: 'handled',
    handler(session) {
      session.on('message', (message) => hold(`1${String(message)}`))
      session.on('message', (message) => hold(`2${String(message)}`))
    },
  })
  const { client, session } = await joined(at)
  const loop = session[Symbol.asyncIterator]()
  client.send('a')
  await until(() => open.size === 2)
  expect(await loop.next()).toEqual({ done: false, value: 'a' })
  open.get('1a')?.resolve()
  open.get('2a')?.resolve()
  client.core.ping(1)
  client.run()
  await until(() => client.all('pong').length === 1)
  expect(client.acked).toEqual([])
  const more = loop.next()
  await until(() => client.acked.length === 1)
  client.send('b')
  expect(await more).toEqual({ done: false, value: 'b' })
  client.send('c')
  await until(() => open.size === 6)
  for (const name of ['1b', '2b', '1c', '2c']) open.get(name)?.resolve()
  await loop.return?.()
  await until(() => client.acked.length === 3)
})

test('a session that nobody listens to acknowledges all the same', async () => {
  const at = await sessionServer({ ack: 'handled' })
  const { client } = await joined(at)
  client.send('a')
  await until(() => client.acked.length === 1)
})

test('handlers that hold the whole window stop the client, and are reported once', async () => {
  const { open, hold } = pile()
  const at = await sessionServer({
    ack: 'handled',
    windowMessages: 4,
    stallMs: 50,
    handler: (session) => void session.on('message', hold),
  })
  const { client, session } = await joined(at)
  for (let n = 0; n < 10; n += 1) client.send(`${n}`)
  await until(() => at.errors.length === 1)
  expect(at.errors).toMatchObject([{ code: 'handler-stalled' }])
  expect(at.inbox(session)).toEqual(['0', '1', '2', '3'])
  for (let n = 0; n < 10; n += 1) {
    await until(() => open.has(`${n}`))
    open.get(`${n}`)?.resolve()
  }
  await until(() => client.acked.length === 10)
  expect(at.inbox(session)).toHaveLength(10)
})

test('what was not handled when the session ended is acknowledged by nobody', async () => {
  const { open, hold } = pile()
  const at = await sessionServer({
    ack: 'handled',
    handler: (session) => void session.on('message', hold),
  })
  const { client, session } = await joined(at)
  client.send('a')
  await until(() => open.size === 1)
  session.dispose()
  open.get('a')?.resolve()
  await until(() => client.all('lost').length === 1)
  const { outcome } = await client.connect()
  expect(outcome).toMatchObject({ name: 'gap', handBack: { uncertain: [{ payload: 'a' }] } })
  expect(client.acked).toEqual([])
})

test('a loop takes messages in order across connections, and ends with the session', async () => {
  for (const ack of ['received', 'handled'] as const) {
    const taken: unknown[] = []
    const loops: Promise<void>[] = []
    const at = await sessionServer({
      ack,
      handler(session) {
        const run = async () => {
          for await (const message of session) taken.push(message)
        }
        loops.push(run())
      },
    })
    const { client, session } = await joined(at)
    client.send('a')
    await client.cut()
    client.send('b')
    await client.connect()
    client.send('c')
    await until(() => client.acked.length === 3)
    await session.close()
    await loops[0]
    expect(taken).toEqual(['a', 'b', 'c'])
  }
})

test('with "received", a loop that falls behind ends with an error, and the session goes on', async () => {
  const at = await sessionServer({ maxUnread: 2 })
  const { client, session } = await joined(at)
  const loop = session[Symbol.asyncIterator]()
  for (const name of ['a', 'b', 'c']) client.send(name)
  await until(() => at.inbox(session).length === 3)
  expect(await loop.next()).toMatchObject({ value: 'a' })
  expect(await loop.next()).toMatchObject({ value: 'b' })
  await expect(loop.next()).rejects.toMatchObject({ code: 'iterator-overflow' })
  expect(session.state.name).toBe('attached')
})

test('the echo takes no more than a client that does not read lets it, and loses nothing', async () => {
  const at = await sessionServer(
    { ack: 'handled', handler: echoSessions, windowMessages: 128, maxHeldMessages: 256 },
    { highWaterMarkBytes: 65_536 },
  )
  const { client, session } = await joined(at)
  const count = 2_000
  const text = 'x'.repeat(1_000)
  client.socket?.pause()
  for (let n = 0; n < count; n += 1) client.send(`${n} ${text}`)
  await until(() => session.flow === 'backed-up')
  expect(session.held.messages).toBeLessThanOrEqual(256)
  client.socket?.resume()
  await until(() => client.received.length === count)
  expect(client.received).toEqual(Array.from({ length: count }, (_, n) => `${n} ${text}`))
  expect(at.errors).toEqual([])
})

test('the server writes no more than the socket takes, and goes on when there is room', async () => {
  const at = await sessionServer({}, { highWaterMarkBytes: 100_000 })
  const { client, session } = await joined(at)
  client.socket?.pause()
  const payload = Buffer.alloc(50_000, 7)
  const receipts = Array.from({ length: 100 }, () => session.send(payload))
  const [connection] = at.server.connections
  expect(connection?.bufferedBytes).toBeLessThanOrEqual(100_200)
  expect(receipts.at(-1)?.status).toBe('queued')
  client.socket?.resume()
  await until(() => client.received.length === 100)
  await session.flushed()
  expect(receipts.every(({ status }) => status === 'acked')).toBe(true)
})

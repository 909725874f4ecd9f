import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { expect, test } from 'vitest'
import { type Connection, isServerError } from '../src/index.ts'
import { afterwards, dial, make, next, running } from './running.ts'

test('the states are idle, starting, ready, stopping, stopped', async () => {
  const server = make()
  const names = [server.state.name]
  server.on('state', ({ state }) => names.push(state.name))
  await server.start()
  await server.stop()
  expect(names).toEqual(['idle', 'starting', 'ready', 'stopping', 'stopped'])
})

test('start tells where it listens, and a second call gives the same promise', async () => {
  const server = make({ path: '/live' })
  const started = server.start()
  expect(server.start()).toBe(started)
  const { host, port, url } = await started
  expect({ host, url }).toEqual({ host: '127.0.0.1', url: `ws://127.0.0.1:${port}/live` })
  expect(port).toBeGreaterThan(0)
})

test('start inside a state handler gives the same promise', async () => {
  const server = make()
  let inner: Promise<unknown> | undefined
  server.on('state', () => {
    inner ??= server.start()
  })
  const outer = server.start()
  await outer
  expect(inner).toBe(outer)
})

test('echo sends text as text and binary as binary, in order', async () => {
  const { url, server } = await running()
  const { socket, received } = await dial(url)
  const sent = Array.from({ length: 500 }, (_, n) =>
    n % 2 === 0 ? `text ${n} ü€😀` : Buffer.from([n % 256, 0, 255]),
  )
  for (const message of sent) socket.send(message)
  socket.send('')
  while (received.length < 501) await once(socket, 'message')
  expect(received).toEqual([...sent, ''])
  expect(server.counters).toMatchObject({ opened: 1, messagesIn: 501, messagesOut: 501 })
  expect(server.counters.bytesIn).toBe(server.counters.bytesOut)
  const bytes = sent.reduce((sum, message) => sum + Buffer.byteLength(message), 0)
  expect(server.counters.bytesIn).toBe(bytes)
})

test('echo stops reading while the client does not read, and loses nothing', async () => {
  const connected: Connection[] = []
  const { url, server } = await running({ highWaterMarkBytes: 65_536, pingIntervalMs: Infinity })
  server.on('connection', (connection) => connected.push(connection))
  const { socket, received } = await dial(url)
  socket.pause()
  const message = Buffer.alloc(262_144, 7)
  const total = 80
  for (let n = 0; n < total; n += 1) socket.send(message)
  // More than the socket buffers of both ends hold: the server must have left most of it unread.
  let before = -1
  while (server.counters.messagesIn !== before) {
    before = server.counters.messagesIn
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  expect(server.counters.messagesIn).toBeLessThan(total)
  expect(connected[0]?.bufferedBytes).toBeLessThan(2_000_000)
  socket.resume()
  while (received.length < total) await once(socket, 'message')
  expect(received.every((data) => (data as Buffer).equals(message))).toBe(true)
})

test('a connection has an id, its request, a state, and tells its end once', async () => {
  const ended: unknown[] = []
  const { server, url } = await running({ protocols: ['chat'] })
  const opening = next(server, 'connection')
  const { socket } = await dial(`${url}room?x=1`, { headers: { 'x-one': '1' } }, ['chat'])
  const connection = await opening
  connection.on('closed', (closed) => ended.push(closed))
  expect(connection).toMatchObject({ id: 'c1', protocol: 'chat', state: 'open', bufferedBytes: 0 })
  expect(connection.request).toMatchObject({ url: '/room?x=1', path: '/room', origin: undefined })
  expect(connection.request.headers['x-one']).toBe('1')
  expect(connection.request.remoteAddress).toBe('127.0.0.1')
  expect([...server.connections]).toEqual([connection])
  const closing = next(server, 'closed')
  socket.close(4_000, 'enough')
  const closed = await closing
  expect(closed).toMatchObject({ cause: 'peer', code: 4_000, reason: 'enough' })
  expect(closed.durationMs).toBeGreaterThanOrEqual(0)
  expect(ended).toHaveLength(1)
  expect(connection.state).toBe('closed')
  expect(server.connections.size).toBe(0)
  expect(connection.send('late')).toBe('closed')
  connection.close()
  connection.terminate()
  expect(server.counters.closed.peer).toBe(1)
})

test('close of the handler reaches the client with code and reason', async () => {
  const { server, url } = await running({ handler: (connection) => connection.close(4_001, 'sign in') })
  const { closed } = await dial(url)
  const ended = await closed
  expect(ended).toEqual({ code: 4_001, reason: 'sign in' })
  while (server.connections.size > 0) await next(server, 'closed')
  expect(server.counters.closed.handler).toBe(1)
})

test.each([
  [1005, '', /code: must be 1000 to 1003/],
  [999, '', /received 999/],
  [1000, 'ü'.repeat(62), /reason: must have at most 123 bytes, received 124/],
])('close(%i, %j) throws at the call', async (code, reason, message) => {
  const { server, url } = await running()
  const opening = next(server, 'connection')
  await dial(url)
  const connection = await opening
  expect(() => connection.close(code, reason)).toThrow(message)
  expect(connection.state).toBe('open')
})

test('send throws for what is no message', async () => {
  const { server, url } = await running()
  const opening = next(server, 'connection')
  await dial(url)
  const connection = await opening
  expect(() => connection.send(5 as never)).toThrow(/data: must be a string.*received 5/)
})

test('terminate cuts without a close frame', async () => {
  const { server, url } = await running({ handler: (connection) => connection.terminate() })
  const ending = next(server, 'closed')
  const { closed } = await dial(url)
  expect(await closed).toMatchObject({ code: 1006 })
  expect(await ending).toMatchObject({ cause: 'handler', code: 1006 })
})

test('a client that vanishes is counted as lost', async () => {
  const { server, url } = await running()
  const { socket } = await dial(url)
  const ending = next(server, 'closed')
  socket.terminate()
  expect(await ending).toMatchObject({ cause: 'lost', code: 1006 })
})

test('a handler that throws or rejects costs its connection 1011 and is reported', async () => {
  for (const handler of [
    () => {
      throw new Error('broken')
    },
    async () => Promise.reject(new Error('broken')),
  ]) {
    const { server, url } = await running({ handler })
    const reported = next(server, 'error')
    const { closed } = await dial(url)
    expect(await closed).toMatchObject({ code: 1011 })
    expect((await reported).error).toMatchObject({ message: 'broken' })
    while (server.connections.size > 0) await next(server, 'closed')
    expect(server.counters.closed['handler-failed']).toBe(1)
  }
})

test('a message listener that throws is reported and harms no other', async () => {
  const { server, url } = await running({
    handler: (connection) => {
      connection.on('message', () => {
        throw new Error('first')
      })
      connection.on('message', (data) => connection.send(data))
    },
  })
  const reported = next(server, 'error')
  const { socket } = await dial(url)
  socket.send('hello')
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('hello')
  expect((await reported).error).toMatchObject({ message: 'first' })
})

test('an error that nobody listens for becomes a process warning', async () => {
  const { url } = await running({
    handler: () => {
      throw new Error('nobody listens')
    },
  })
  const warning = once(process, 'warning')
  await dial(url)
  expect((await warning)[0]).toMatchObject({ message: 'nobody listens' })
})

test('an error handler that throws does not call itself again', async () => {
  const warning = once(process, 'warning')
  const { server, url } = await running({
    handler: () => {
      throw new Error('one')
    },
  })
  server.on('error', () => {
    throw new Error('two')
  })
  await dial(url)
  expect((await warning)[0]).toMatchObject({ message: 'two' })
})

test('it speaks wss with a certificate', async () => {
  const fixture = (name: string) => readFileSync(new URL(`fixtures/test-only-${name}.pem`, import.meta.url))
  const { url } = await running({ tls: { cert: fixture('cert'), key: fixture('key') } })
  expect(url).toMatch(/^wss:/)
  const { socket } = await dial(url, { ca: fixture('cert') })
  socket.send('over TLS')
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('over TLS')
})

test('a certificate that cannot be used fails start with bad-tls', async () => {
  const server = make({ tls: { cert: 'no', key: 'no' } })
  await expect(server.start()).rejects.toMatchObject({ code: 'bad-tls' })
  expect(server.state.name).toBe('stopped')
})

test('a busy port fails start with address-in-use', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1')
  afterwards(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const server = make({ port })
  const failure = await server.start().catch((error: unknown) => error)
  expect(isServerError(failure) && failure.code).toBe('address-in-use')
  expect(failure).toMatchObject({ message: `127.0.0.1:${port}: another process listens there already` })
  expect(server.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
})

test('a host that does not exist fails start with listen-failed', async () => {
  await expect(make({ host: '203.0.113.1' }).start()).rejects.toMatchObject({ code: 'listen-failed' })
})

test('a failed start that nobody waits for harms nobody', async () => {
  const server = make({ tls: { cert: 'no', key: 'no' } })
  void server.start()
  while (server.state.name !== 'stopped') await next(server, 'state')
})

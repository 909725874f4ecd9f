import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { dial, next, running, tcp, upgradeText, until } from './running.ts'

test('a message over maxPayloadBytes is closed with 1009 and counted as too large', async () => {
  const { server, url } = await running({ maxPayloadBytes: 1_000 })
  const ending = next(server, 'closed')
  const { socket, closed } = await dial(url)
  socket.send('x'.repeat(1_000))
  await once(socket, 'message')
  socket.send('x'.repeat(1_001))
  expect(await closed).toMatchObject({ code: 1009 })
  expect(await ending).toMatchObject({ cause: 'too-large' })
  expect(server.counters.closed['too-large']).toBe(1)
})

test('fragments that add up over maxPayloadBytes are closed with 1009', async () => {
  const { url } = await running({ maxPayloadBytes: 1_000 })
  const { socket, closed } = await dial(url)
  socket.send('x'.repeat(600), { fin: false })
  socket.send('x'.repeat(600), { fin: true })
  expect(await closed).toMatchObject({ code: 1009 })
})

test('a small message that inflates over maxPayloadBytes is closed with 1009', async () => {
  const { url } = await running({ maxPayloadBytes: 100_000, perMessageDeflate: true })
  const { socket, closed } = await dial(url)
  socket.send(Buffer.alloc(6_000_000), { compress: true })
  expect(await closed).toMatchObject({ code: 1009 })
})

test.each([
  ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61])],
  ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ['text that is no UTF-8', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff])],
  ['a close code that must not be sent', Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed])],
])('%s is counted as a protocol error', async (_what, bytes) => {
  const { server, port } = await running({ closeTimeoutMs: 50 })
  const ending = next(server, 'closed')
  const { socket } = await tcp(port)
  socket.write(Buffer.concat([Buffer.from(upgradeText()), bytes]))
  expect(await ending).toMatchObject({ cause: 'protocol-error' })
})

test('a client that never answers the close frame is cut after closeTimeoutMs', async () => {
  const { server, port } = await running({
    closeTimeoutMs: 50,
    handler: (connection) => connection.close(4_000),
  })
  const ending = next(server, 'closed')
  const { socket, ended } = await tcp(port)
  socket.write(upgradeText())
  expect(await ending).toMatchObject({ cause: 'handler', code: 1006 })
  await ended
})

test('a client for whom more than maxBufferedBytes waits is cut', async () => {
  const { server, url } = await running({
    highWaterMarkBytes: 1_000,
    maxBufferedBytes: 1_000_000,
    exposeStats: true,
  })
  const opening = next(server, 'connection')
  const { socket } = await dial(url)
  const connection = await opening
  socket.pause()
  const results = new Set<string>()
  const ending = next(server, 'closed')
  for (let n = 0; n < 400; n += 1) results.add(connection.send(Buffer.alloc(100_000)))
  expect([...results].at(-1)).toBe('closed')
  expect(results).toContain('backed-up')
  expect(await ending).toMatchObject({ cause: 'slow-consumer' })
})

test('a send that is backed up is followed by drained', async () => {
  const { server, url } = await running({ highWaterMarkBytes: 1_000 })
  const opening = next(server, 'connection')
  const { received } = await dial(url)
  const connection = await opening
  const drained = vi.fn()
  connection.on('drained', drained)
  let result = connection.send('a')
  while (result === 'sent') result = connection.send(Buffer.alloc(1_000_000))
  expect(result).toBe('backed-up')
  await until(() => drained.mock.calls.length > 0)
  expect(drained).toHaveBeenCalledOnce()
  expect(connection.send('b')).toBe('sent')
  await until(() => received.at(-1) === 'b')
})

test('clients that reset, refuse and send rubbish leave nothing behind', async () => {
  const { server, port, url } = await running({ closeTimeoutMs: 50 })
  for (let n = 0; n < 60; n += 1) {
    const { socket } = await tcp(port)
    socket.write(
      n % 3 === 0 ? upgradeText() : n % 3 === 1 ? upgradeText().slice(0, 40 + n) : '\u0000\u0001\r\n\r\n',
    )
    if (n % 2 === 0) socket.resetAndDestroy()
    else socket.end()
  }
  await dial(url)
  await until(() => server.connections.size === 1 && server.resources.sockets === 1)
})

import { WebSocket } from 'ws'
import { expect, test } from 'vitest'
import { dial, next, running, tcp, until, upgradeText } from './running.ts'
import { helloText, rawClient } from './session-client.ts'
import { joined, sessionServer } from './sessions-running.ts'

// Clients that send more than they may: docs/security.md has the table. Work is counted and not timed, as machines may be busy.

/** Counts, until stopped, the most frames that were taken in one turn of the event loop. */
function watchTurns(count: () => number) {
  const seen = { turns: 0, most: 0 }
  let last = count()
  const look = () => {
    const now = count()
    seen.turns += 1
    seen.most = Math.max(seen.most, now - last)
    last = now
    handle = setImmediate(look)
  }
  let handle = setImmediate(look)
  return { seen, stop: () => clearImmediate(handle) }
}

test.each([
  ['ACK', '\u0010A0,0'],
  ['PING', '\u0010P0,0,1'],
  ['PONG', '\u0010Q0,0,1'],
])(
  '50,000 %s frames are 4429 after as many as a second may have, and others are served meanwhile',
  async (_, frame) => {
    const limit = 1_000
    const at = await sessionServer({}, { maxControlFramesPerS: limit })
    const bystander = await joined(at)
    const loud = await rawClient(at.url)
    loud.socket.send(helloText())
    const turns = watchTurns(() => at.server.counters.messagesIn)
    const began = performance.now()
    for (let n = 0; n < 50_000; n += 1) loud.socket.send(frame)
    expect(await loud.closed).toBe(4429)
    const seconds = Math.ceil((performance.now() - began) / 1_000)
    turns.stop()
    expect(at.server.counters.messagesIn).toBeLessThanOrEqual(limit * (seconds + 1))
    // However much lies in the socket, one turn does no more than the end of one second and the next may bring.
    expect(turns.seen.most).toBeLessThanOrEqual(2 * limit + 100)
    bystander.client.send('still served')
    await until(() => at.inbox(bystander.session).length === 1)
    expect(at.server.counters.closed.flood).toBe(1)
  },
)

test('200,000 pings are a flood, of which no more are read than a second may have', async () => {
  const { server, url } = await running({ maxControlFramesPerS: 1_000 })
  const other = await dial(url)
  const { socket } = await dial(url)
  const ending = next(server, 'closed')
  for (let n = 0; n < 200_000; n += 1) socket.ping()
  expect(await ending).toMatchObject({ cause: 'flood' })
  other.socket.send('still served')
  await until(() => other.received.length === 1)
})

test('a flood of messages is read no faster than its echo is taken, and one client holds no more than its bounds', async () => {
  const { server, url } = await running({ highWaterMarkBytes: 10_000, maxBufferedBytes: 100_000 })
  const { socket } = await dial(url)
  socket.pause()
  let most = 0
  for (let n = 0; n < 20_000; n += 1) {
    socket.send('x'.repeat(1_000))
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    for (const connection of server.connections) most = Math.max(most, connection.bufferedBytes)
  }
  expect(most).toBeLessThanOrEqual(100_000 + 1_010)
  socket.terminate()
})

test('what is sent to a client that is away is held up to its bound, and ten times as much is refused', async () => {
  const at = await sessionServer({ maxHeldMessages: 100, maxHeldBytes: 5_000, overflow: 'reject' })
  const { client, session } = await joined(at)
  await client.cut()
  const receipts = Array.from({ length: 1_000 }, () => session.send('x'.repeat(60)))
  expect(session.held.messages).toBeLessThanOrEqual(100)
  expect(session.held.bytes).toBeLessThanOrEqual(5_000)
  expect(receipts.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(900)
  expect(at.server.sessionStats?.heldBytes).toBe(session.held.bytes)
})

test('compressed frames on a connection that agreed on none end it, and nothing is inflated', async () => {
  const { server, url, port } = await running()
  const { socket } = await tcp(port)
  const ending = next(server, 'closed')
  socket.write(upgradeText())
  await until(() => server.connections.size === 1)
  // FIN, RSV1, binary; masked with zeros; 125 bytes of what would inflate.
  socket.write(Buffer.concat([Buffer.from([0xc2, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]))
  expect(await ending).toMatchObject({ cause: 'protocol-error' })
  expect(server.counters.messagesIn).toBe(0)
  const plain = new WebSocket(url)
  await new Promise((resolve) => plain.once('open', resolve))
  expect(plain.extensions).toBe('')
  plain.terminate()
})

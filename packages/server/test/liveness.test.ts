import { once } from 'node:events'
import { Scope } from '@holdfast/lifetime'
import { ManualClock } from '@holdfast/lifetime/testing'
import { expect, test, vi } from 'vitest'
import { watchIdle } from '../src/idle-watch.ts'
import { watchPings } from '../src/ping-watch.ts'
import { afterwards, dial, next, running, tcp, upgradeText } from './running.ts'

function opened() {
  const clock = new ManualClock()
  const scope = new Scope(clock)
  afterwards(() => scope.end())
  return { clock, scope }
}

test('silence for idleTimeoutMs is idle, once', async () => {
  const { clock, scope } = opened()
  const onIdle = vi.fn()
  watchIdle(scope, { idleTimeoutMs: 1_000, isReading: () => true, onIdle })
  await clock.advance(999)
  expect(onIdle).not.toHaveBeenCalled()
  await clock.advance(5_000)
  expect(onIdle).toHaveBeenCalledOnce()
})

test('a sign of life starts the idle time again', async () => {
  const { clock, scope } = opened()
  const onIdle = vi.fn()
  const alive = watchIdle(scope, { idleTimeoutMs: 1_000, isReading: () => true, onIdle })
  for (let n = 0; n < 10; n += 1) {
    await clock.advance(900)
    alive()
  }
  expect(onIdle).not.toHaveBeenCalled()
  await clock.advance(1_001)
  expect(onIdle).toHaveBeenCalledOnce()
})

test('silence while nothing is read is not idle', async () => {
  const { clock, scope } = opened()
  const onIdle = vi.fn()
  watchIdle(scope, { idleTimeoutMs: 1_000, isReading: () => false, onIdle })
  await clock.advance(10_000)
  expect(onIdle).not.toHaveBeenCalled()
})

test('what was unread while the process stood still is read before the idle verdict', async () => {
  const { clock, scope } = opened()
  const onIdle = vi.fn()
  const alive = watchIdle(scope, { idleTimeoutMs: 1_000, isReading: () => true, onIdle })
  clock.jump(60_000)
  // The overdue timer runs first; then the socket is read.
  clock.setTimeout(alive, 0)
  await clock.advance(10)
  expect(onIdle).not.toHaveBeenCalled()
})

function pinging(options: { isReading?: () => boolean } = {}) {
  const { clock, scope } = opened()
  const ping = vi.fn()
  const onDead = vi.fn()
  const watched = {
    pingIntervalMs: 1_000,
    pongTimeoutMs: 500,
    isReading: () => true,
    ping,
    onDead,
    ...options,
  }
  return { clock, scope, ping, onDead, alive: watchPings(scope, watched) }
}

test('a ping without an answer is death, once', async () => {
  const { clock, ping, onDead } = pinging()
  await clock.advance(1_499)
  expect(ping).toHaveBeenCalledOnce()
  expect(onDead).not.toHaveBeenCalled()
  await clock.advance(10_000)
  expect(onDead).toHaveBeenCalledOnce()
  expect(ping).toHaveBeenCalledOnce()
})

test('an answer leads to the next ping after the interval', async () => {
  const { clock, ping, onDead, alive } = pinging()
  for (let n = 1; n <= 5; n += 1) {
    await clock.advance(1_000)
    expect(ping).toHaveBeenCalledTimes(n)
    alive()
    alive()
  }
  expect(onDead).not.toHaveBeenCalled()
  expect(clock.pending).toBe(1)
})

test('a process that stood still asks again instead of judging', async () => {
  const { clock, ping, onDead } = pinging()
  await clock.advance(1_000)
  clock.jump(60_000)
  await clock.advance(1)
  expect(onDead).not.toHaveBeenCalled()
  expect(ping).toHaveBeenCalledTimes(2)
  await clock.advance(501)
  expect(onDead).toHaveBeenCalledOnce()
})

test('an answer that lies unread at the deadline is read before the verdict', async () => {
  const { clock, onDead, alive } = pinging()
  await clock.advance(1_000)
  clock.jump(600)
  clock.setTimeout(alive, 0)
  await clock.advance(10)
  expect(onDead).not.toHaveBeenCalled()
})

test('a client that is not read is not judged', async () => {
  const { clock, onDead, ping } = pinging({ isReading: () => false })
  await clock.advance(4_600)
  expect(onDead).not.toHaveBeenCalled()
  expect(ping).toHaveBeenCalledTimes(3)
})

test('Infinity means no pings', async () => {
  const { clock, scope } = opened()
  const ping = vi.fn()
  watchPings(scope, { pingIntervalMs: Infinity, pongTimeoutMs: 1, isReading: () => true, ping, onDead: ping })
  await clock.advance(86_400_000)
  expect(ping).not.toHaveBeenCalled()
})

test('a client that never answers pings is cut and counted as dead', async () => {
  const { server, url } = await running({ pingIntervalMs: 30, pongTimeoutMs: 60 })
  const ending = next(server, 'closed')
  const { socket, closed } = await dial(url, { autoPong: false })
  await once(socket, 'ping')
  expect(await ending).toMatchObject({ cause: 'dead-peer', code: 1006 })
  expect(await closed).toMatchObject({ code: 1006 })
  expect(server.counters.closed['dead-peer']).toBe(1)
})

test('a client that answers pings stays, without a message', async () => {
  const { server, url } = await running({ pingIntervalMs: 20, pongTimeoutMs: 10_000, idleTimeoutMs: 5_000 })
  const { socket } = await dial(url)
  for (let n = 0; n < 10; n += 1) await once(socket, 'ping')
  expect(server.connections.size).toBe(1)
})

test('an idle client is closed with 1001 idle, and counted and logged as such', async () => {
  const log: unknown[] = []
  const { server, url } = await running({
    pingIntervalMs: Infinity,
    idleTimeoutMs: 50,
    logger: ({ event, fields }) => log.push([event, fields.cause]),
  })
  const ending = next(server, 'closed')
  const { closed } = await dial(url)
  expect(await closed).toEqual({ code: 1001, reason: 'idle' })
  expect(await ending).toMatchObject({ cause: 'idle' })
  expect(server.counters.closed).toMatchObject({ idle: 1, 'dead-peer': 0, peer: 0 })
  expect(log).toContainEqual(['connection-closed', 'idle'])
})

test('bytes of one slow message are signs of life', async () => {
  const { server, port } = await running({ pingIntervalMs: 100, pongTimeoutMs: 1_500 })
  const { socket } = await tcp(port)
  const opening = next(server, 'connection')
  socket.write(upgradeText())
  await opening
  // One masked frame of 100 bytes, a byte at a time, for longer than a ping may stay unanswered.
  const frame = Buffer.concat([Buffer.from([0x82, 0x80 | 100, 0, 0, 0, 0]), Buffer.alloc(100)])
  const until = Date.now() + 2_500
  for (const byte of frame) {
    socket.write(Buffer.from([byte]))
    if (Date.now() > until) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  expect(server.counters.closed['dead-peer']).toBe(0)
  expect(server.connections.size).toBe(1)
})

test('a client that reads slowly but steadily is not taken for dead', async () => {
  const clock = new ManualClock()
  const progress = { written: 0 }
  const { server, url } = await running({
    clock,
    pingIntervalMs: 100,
    pongTimeoutMs: 1_500,
    highWaterMarkBytes: 65_536,
    handler: (connection) => {
      const pour = () => {
        while (connection.send(Buffer.alloc(65_536)) === 'sent');
      }
      connection.on('drained', () => {
        progress.written += 1
        pour()
      })
      pour()
    },
  })
  const { socket } = await dial(url, { autoPong: false })
  for (let round = 1; round <= 5; round += 1) {
    // Less than it has after a ping, and more than that together.
    await clock.advance(1_000)
    while (progress.written < round) {
      socket.resume()
      await once(socket, 'message')
      socket.pause()
    }
  }
  expect(server.counters.closed['dead-peer']).toBe(0)
  expect(server.connections.size).toBe(1)
  // One that reads nothing more is.
  await clock.advance(5_000)
  expect(server.counters.closed['dead-peer'] + server.connections.size).toBe(1)
})

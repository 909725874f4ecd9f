import fc from 'fast-check'
import { expect, test } from 'vitest'
import { before, dial, echo, event, numbered, Target } from './tcp.ts'

test('stall holds bytes, and clear delivers all of them in order', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  await chaos.set({ stall: 'up' })
  const sent = numbered(50_000)
  for (let at = 0; at < sent.length; at += 5_000) client.socket.write(sent.subarray(at, at + 5_000))
  client.socket.end()
  await expect.poll(() => chaos.connections[0]?.heldUp).toBe(50_000)
  server.socket.write('the other way is free')
  await client.bytes(21)
  expect(server.received().length).toBe(0)
  expect(server.events).toEqual([])
  await chaos.clear()
  await server.saw('end')
  expect(server.received().equals(sent)).toBe(true)
})

test('a stalled direction holds a bounded number of bytes, then the sender feels it', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { stall: 'up' }, maxHeldBytes: 10_000 })
  await using client = await dial(chaos.port)
  const server = await target.next()
  const sent = numbered(20_000_000)
  client.socket.write(sent)
  await expect.poll(() => chaos.connections[0]?.heldUp ?? 0).toBeGreaterThanOrEqual(10_000)
  expect(chaos.connections[0]?.heldUp).toBeLessThanOrEqual(10_000 + 65_536)
  expect(client.socket.writableLength).toBeGreaterThan(0)
  await chaos.clear()
  expect((await server.bytes(sent.length)).equals(sent)).toBe(true)
})

test('a peer that does not read makes the other end wait, as without a proxy', async () => {
  await using target = await Target.start((socket) => socket.pause())
  await using chaos = await before(target, { maxHeldBytes: 10_000 })
  await using client = await dial(chaos.port)
  const server = await target.next()
  const sent = numbered(20_000_000)
  client.socket.write(sent)
  await expect.poll(() => chaos.connections[0]?.heldUp ?? 0).toBeGreaterThanOrEqual(10_000)
  expect(chaos.connections[0]?.heldUp).toBeLessThanOrEqual(10_000 + 65_536)
  server.socket.resume()
  expect((await server.bytes(sent.length)).equals(sent)).toBe(true)
})

test('blackhole drops one direction in silence, its end of stream too', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  await chaos.set({ blackhole: 'up' })
  client.socket.write('lost')
  expect(await event(chaos, 'dead')).toMatchObject({ connection: 1, side: 'up' })
  expect(chaos.connections).toMatchObject([{ dead: 'up', bytesUp: 0 }])
  server.socket.write('heard')
  expect(String(await client.bytes(5))).toBe('heard')
  client.socket.end('lost as well')
  server.socket.end()
  await event(chaos, 'closed')
  expect(server.received().length).toBe(0)
  expect(server.events).not.toContain('end')
})

test('a direction that lost bytes stays dead after the blackhole is lifted, new connections are fine', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  await chaos.set({ blackhole: 'down' })
  client.socket.write('a')
  await event(chaos, 'dead')
  await chaos.clear()
  client.socket.write('b')
  await server.bytes(2)
  await using young = await dial(chaos.port)
  young.socket.write('c')
  expect(String(await young.bytes(1))).toBe('c')
  expect(client.received().length).toBe(0)
  expect(chaos.connections.map(({ dead }) => dead)).toEqual(['down', false])
})

test('a blackhole with nothing to swallow leaves a connection sane', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  await target.next()
  await chaos.set({ blackhole: 'both' })
  await chaos.clear()
  client.socket.write('fine')
  expect(String(await client.bytes(4))).toBe('fine')
})

test('a RST is lost in a blackhole', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { blackhole: 'down' } })
  await using client = await dial(chaos.port)
  const server = await target.next()
  await event(chaos, 'connected')
  server.socket.resetAndDestroy()
  expect(await event(chaos, 'aborted')).toMatchObject({ side: 'down' })
  client.socket.write('into the void')
  expect(chaos.connections).toHaveLength(1)
  expect(client.events).toEqual([])
})

test('latency delays each direction by its own number', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target, { faults: { latencyMs: { up: 30, down: 50 } } })
  await using client = await dial(chaos.port)
  await target.next()
  const startMs = performance.now()
  client.socket.write('x')
  await client.bytes(1)
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(80)
})

test('lifting the latency delivers what was under way at once', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { latencyMs: 600_000 } })
  await using client = await dial(chaos.port)
  const server = await target.next()
  client.socket.write('under way')
  await expect.poll(() => chaos.connections[0]?.heldUp).toBe(9)
  await chaos.set({ latencyMs: 0 })
  expect(String(await server.bytes(9))).toBe('under way')
})

test('bytesPerSecond lets no more through, whatever the pieces', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { bytesPerSecond: { up: 100_000 } } })
  await using client = await dial(chaos.port)
  const server = await target.next()
  const startMs = performance.now()
  const sent = numbered(30_000)
  client.socket.write(sent)
  const received = await server.bytes(sent.length)
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(299)
  expect(received.equals(sent)).toBe(true)
})

test('a limit of one byte a second still lets that byte through', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { bytesPerSecond: 1 } })
  await using client = await dial(chaos.port)
  const server = await target.next()
  client.socket.write('ab')
  expect(String(await server.bytes(1))).toBe('a')
})

test('chunkBytes delivers in pieces no larger', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  client.socket.write('first')
  await server.bytes(5)
  await chaos.set({ chunkBytes: 3 })
  const sizes: number[] = []
  server.socket.on('data', (chunk) => sizes.push(chunk.length))
  client.socket.write('ten bytes.')
  expect(String(await server.bytes(15))).toBe('firstten bytes.')
  expect(sizes).toEqual([3, 3, 3, 1])
})

test('bytes keep their order under any mix of delays, limits, pieces and stalls', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  const faults = fc.record({
    latencyMs: fc.nat(3),
    jitterMs: fc.nat(8),
    chunkBytes: fc.constantFrom(0, 1_000, 7_777),
    bytesPerSecond: fc.constantFrom(0, 1_000_000),
    stall: fc.constantFrom('up' as const, 'down' as const, 'both' as const, false as const),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(faults, { maxLength: 4 }),
      fc.integer({ min: 1, max: 30_000 }),
      async (all, size) => {
        await using client = await dial(chaos.port)
        const sent = numbered(size)
        const step = Math.ceil(size / (all.length + 1))
        for (let at = 0; at < size; at += step) {
          client.socket.write(sent.subarray(at, at + step))
          await chaos.set(all[Math.floor(at / step)] ?? {})
          await new Promise((resolve) => setImmediate(resolve))
        }
        await chaos.set({ stall: false })
        const received = await client.bytes(size)
        await chaos.clear()
        expect(received.equals(sent)).toBe(true)
      },
    ),
    { numRuns: 25 },
  )
})

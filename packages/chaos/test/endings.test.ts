import { expect, test } from 'vitest'
import { before, dial, echo, event, Target } from './tcp.ts'

test('without faults bytes pass both ways unchanged', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  client.socket.write('hello')
  expect(String(await client.bytes(5))).toBe('hello')
  expect(chaos.connections).toMatchObject([{ id: 1, state: 'live', bytesUp: 5, bytesDown: 5, dead: false }])
})

test('a half-close passes on, and the other direction goes on', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  client.socket.end('last words')
  await server.saw('end')
  expect(String(server.received())).toBe('last words')
  server.socket.end('answer')
  await client.saw('end')
  expect(String(client.received())).toBe('answer')
  await event(chaos, 'closed')
  expect(chaos.connections).toEqual([])
})

test('a RST of one end reaches the other as a RST', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  client.socket.resetAndDestroy()
  await server.saw('ECONNRESET')
  expect(server.events).not.toContain('end')
  expect(await event(chaos, 'aborted')).toMatchObject({ side: 'up', code: 'ECONNRESET' })
})

test('cut sends FIN both ways', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  expect(chaos.cut()).toBe(1)
  await Promise.all([client.saw('end'), server.saw('end')])
  client.socket.end()
  server.socket.end()
  await event(chaos, 'closed')
  expect([client.events[0], server.events[0]]).toEqual(['end', 'end'])
})

test('cut sends FIN, not RST, also while unread bytes are waiting in the stalled proxy', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { stall: 'both' }, maxHeldBytes: 1_000 })
  await using client = await dial(chaos.port)
  await target.next()
  const held = new Promise((resolve) => client.socket.write(Buffer.alloc(300_000), resolve))
  await expect.poll(() => chaos.connections[0]?.heldUp ?? 0).toBeGreaterThan(0)
  chaos.cut()
  await client.saw('end')
  client.socket.end()
  await client.saw('close')
  await held
  expect(client.events).toEqual(['end', 'close'])
})

test('cut takes the socket away from a peer that does not close', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  await target.next()
  chaos.cut()
  await client.saw('end')
  await event(chaos, 'closed')
  expect(chaos.connections).toEqual([])
})

test('reset sends RST both ways', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  expect(chaos.reset()).toBe(1)
  await Promise.all([client.saw('close'), server.saw('close')])
  expect(client.events).toEqual(['ECONNRESET', 'close'])
  expect(server.events).toEqual(['ECONNRESET', 'close'])
})

test('reset right after cut still sends RST', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  await using client = await dial(chaos.port)
  const server = await target.next()
  await event(chaos, 'connected')
  chaos.cut()
  chaos.reset()
  await event(chaos, 'closed')
  // Nobody reads a socket any more after the FIN: the RST shows when something is written.
  for (const peer of [client, server]) {
    peer.socket.write('anyone there?')
    await peer.saw('EPIPE')
  }
})

test('a target that refuses gives the client a RST', async () => {
  const closed = await Target.start()
  const { port } = closed
  await closed[Symbol.asyncDispose]()
  await using chaos = await before({ port })
  await using client = await dial(chaos.port)
  await client.saw('ECONNRESET')
  expect(await event(chaos, 'target-failed')).toMatchObject({ connection: 1, code: 'ECONNREFUSED' })
})

test.each(['fin', 'rst'] as const)(
  'closeAfterBytes ends with %s after exactly so many bytes',
  async (closeWith) => {
    await using target = await Target.start()
    await using chaos = await before(target, { faults: { closeAfterBytes: { down: 70_001 }, closeWith } })
    await using client = await dial(chaos.port)
    const server = await target.next()
    server.socket.write(Buffer.alloc(200_000, 7))
    client.socket.write('the other direction is not counted')
    await client.saw(closeWith === 'fin' ? 'end' : 'ECONNRESET')
    expect(client.received().length).toBe(70_001)
    expect(await event(chaos, 'limit')).toMatchObject({ by: 'closeAfterBytes', with: closeWith })
  },
)

test('closeAfterBytes leaves connections alone that were there before', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  await using old = await dial(chaos.port)
  await target.next()
  await chaos.set({ closeAfterBytes: 3 })
  old.socket.write('longer than three')
  expect(String(await old.bytes(17))).toBe('longer than three')
  await using young = await dial(chaos.port)
  young.socket.write('four')
  await young.saw('end')
})

test.each([
  ['fin', 'end'],
  ['rst', 'ECONNRESET'],
] as const)('closeAfterMs ends with %s, seen as %s', async (closeWith, seen) => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { closeAfterMs: 30, closeWith } })
  await using client = await dial(chaos.port)
  const server = await target.next()
  await Promise.all([client.saw(seen), server.saw(seen)])
  expect(client.events[0]).toBe(seen)
  const [opened, limit] = [await event(chaos, 'opened'), await event(chaos, 'limit')]
  expect(limit.atMs - opened.atMs).toBeGreaterThanOrEqual(29)
})

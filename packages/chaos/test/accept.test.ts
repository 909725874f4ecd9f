import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { before, dial, echo, event, Target } from './tcp.ts'

test('refuse really closes the port, and ok opens the same one again', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  await using old = await dial(chaos.port)
  const { port } = chaos
  await chaos.set({ accept: 'refuse' })
  expect(chaos.isListening).toBe(false)
  await using refused = await dial(port)
  expect(refused.events[0]).toBe('ECONNREFUSED')
  old.socket.write('still here')
  expect(String(await old.bytes(10))).toBe('still here')
  await chaos.set({ accept: 'ok' })
  expect([chaos.isListening, chaos.port]).toEqual([true, port])
  await using young = await dial(port)
  young.socket.write('back')
  expect(String(await young.bytes(4))).toBe('back')
})

test('the last of several quick changes wins', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target)
  const changes = ['refuse', 'ok', 'refuse', 'ok', 'refuse'] as const
  await Promise.all(changes.map((accept) => chaos.set({ accept })))
  await using refused = await dial(chaos.port)
  expect(refused.events[0]).toBe('ECONNREFUSED')
  await Promise.all([chaos.set({ accept: 'ok' }), chaos.set({ accept: 'refuse' }), chaos.clear()])
  await using young = await dial(chaos.port)
  young.socket.write('back')
  expect(String(await young.bytes(4))).toBe('back')
})

test('refuse while the port is being opened resolves when it is closed again', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'refuse' } })
  for (let round = 0; round < 20; round += 1) {
    const opening = chaos.set({ accept: 'ok' })
    await chaos.set({ accept: 'refuse' })
    await using refused = await dial(chaos.port)
    expect(refused.events[0]).toBe('ECONNREFUSED')
    await opening
  }
})

test('a proxy can refuse from the start', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'refuse' } })
  await using refused = await dial(chaos.port)
  expect(refused.events[0]).toBe('ECONNREFUSED')
})

test('a port taken while it was refused is an error that says so', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'refuse' } })
  await using taker = await before(target, { port: chaos.port })
  await expect(chaos.set({ accept: 'ok' })).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`port ${taker.port} on 127.0.0.1 is already in use`),
  })
  expect(chaos.log.at(-1)).toMatchObject({ event: 'listen-failed', code: 'EADDRINUSE' })
})

test('hang accepts and never answers, and the target hears nothing', async () => {
  await using target = await Target.start(echo)
  await using chaos = await before(target, { faults: { accept: 'hang' } })
  await using client = await dial(chaos.port)
  client.socket.write('hello?')
  await event(chaos, 'unserved')
  await chaos.clear()
  await using served = await dial(chaos.port)
  served.socket.write('x')
  await served.bytes(1)
  await target.next()
  await sleep(20)
  expect(client.events).toEqual([])
  expect(client.received().length).toBe(0)
  expect(chaos.connections.map(({ state }) => state)).toEqual(['unserved', 'live'])
})

test('a hung connection can be cut and reset', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'hang' } })
  await using first = await dial(chaos.port)
  await event(chaos, 'unserved', 1)
  chaos.cut()
  await first.saw('end')
  await using second = await dial(chaos.port)
  await event(chaos, 'unserved', 2)
  chaos.reset()
  await second.saw('ECONNRESET')
})

test('reset accepts and sends RST', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'reset' } })
  await using client = await dial(chaos.port)
  await client.saw('close')
  expect(client.events).toEqual(['ECONNRESET', 'close'])
})

test('close accepts and sends FIN', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { faults: { accept: 'close' } })
  await using client = await dial(chaos.port)
  await client.saw('end')
  client.socket.end()
  await client.saw('close')
  expect(client.events).toEqual(['end', 'close'])
  await event(chaos, 'closed')
})

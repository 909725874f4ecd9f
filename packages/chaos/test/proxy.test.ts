import { expect, test } from 'vitest'
import { BadValueError, ChaosError, type ChaosOptions, noFaults, startChaos } from '../src/index.ts'
import { before, dial, echo, event, Target } from './tcp.ts'

const target = { host: '127.0.0.1', port: 9 }

test.each<[unknown, string]>([
  [undefined, 'options: must be an object, got undefined'],
  [{}, 'target: must be an object, got undefined'],
  [{ target: { host: '', port: 1 } }, "target.host: must be a non-empty string, got ''"],
  [{ target: { host: 'x', port: 0 } }, 'target.port: must be an integer from 1 to 65535, got 0'],
  [{ target, host: 4 }, 'host: must be a non-empty string, got 4'],
  [{ target, port: 65_536 }, 'port: must be an integer from 0 to 65535, got 65536'],
  [{ target, control: true }, 'control: must be an object, got true'],
  [{ target, control: { port: -1 } }, 'control.port: must be an integer from 0 to 65535, got -1'],
  [
    { target, control: { host: '0.0.0.0' } },
    "control.host: must be a loopback name or address, got '0.0.0.0'",
  ],
  [{ target, seed: 0.5 }, 'seed: must be an integer from 0 to 4294967295, got 0.5'],
  [{ target, maxHeldBytes: 0 }, 'maxHeldBytes: must be an integer from 1 to 1073741824, got 0'],
  [{ target, maxLogEntries: 0 }, 'maxLogEntries: must be an integer from 1 to 1000000, got 0'],
  [{ target, sed: 1 }, 'options.sed: must be left out, as only target, host,'],
  [{ target, faults: { latencyMs: -1 } }, 'faults.latencyMs: must be an integer from 0 to 600000, got -1'],
  [{ target, schedule: {} }, 'schedule: must be a list of at most 10000 items, got {}'],
  [{ target, schedule: [{ afterMs: 1 }] }, 'schedule[0]: must be a step with set or action'],
  [{ target, schedule: [{ afterMs: -1, action: 'cut' }] }, 'schedule[0].afterMs: must be an integer from 0'],
  [
    { target, schedule: [{ afterMs: 1, action: 'x' }] },
    'schedule[0].action: must be one of "cut", "reset", "clear"',
  ],
  [{ target, schedule: [{ afterMs: 1, action: 'cut', forMs: 1 }] }, 'schedule[0].forMs: must be left out'],
  [{ target, schedule: [{ afterMs: 1, set: { stall: 1 } }] }, 'schedule[0].set.stall: must be one of "up"'],
  [{ target, schedule: [{ afterMs: 1, set: {}, forMs: 0 }] }, 'schedule[0].forMs: must be an integer from 1'],
])('startChaos(%j) rejects with %j', async (options, message) => {
  await expect(startChaos(options as ChaosOptions)).rejects.toThrow(message)
  await expect(startChaos(options as ChaosOptions)).rejects.toBeInstanceOf(RangeError)
})

test.each<[object, string]>([
  [{ stal: 'up' }, 'faults.stal: must be left out, as only stall, blackhole,'],
  [{ stall: true }, 'faults.stall: must be one of "up", "down", "both", false, got true'],
  [{ blackhole: 'left' }, `faults.blackhole: must be one of "up", "down", "both", false, got 'left'`],
  [{ accept: 'no' }, 'faults.accept: must be one of "ok", "refuse", "hang", "reset", "close"'],
  [{ latencyMs: Infinity }, 'faults.latencyMs: must be an integer from 0 to 600000, got Infinity'],
  [{ jitterMs: Number.NaN }, 'faults.jitterMs: must be an integer from 0 to 600000, got NaN'],
  [{ latencyMs: { left: 1 } }, 'faults.latencyMs.left: must be left out, as only up, down exist, got 1'],
  [{ latencyMs: { up: 600_001 } }, 'faults.latencyMs.up: must be an integer from 0 to 600000, got 600001'],
  [{ bytesPerSecond: '9' }, "faults.bytesPerSecond: must be a number or {up, down}, got '9'"],
  [{ chunkBytes: -1 }, 'faults.chunkBytes: must be an integer from 0 to 9007199254740991, got -1'],
  [
    { closeAfterBytes: 1.5 },
    'faults.closeAfterBytes: must be an integer from 0 to 9007199254740991, got 1.5',
  ],
  [{ closeAfterMs: 2 ** 31 }, 'faults.closeAfterMs: must be an integer from 0 to 2147483647, got 2147483648'],
  [{ closeWith: 'bang' }, `faults.closeWith: must be one of "fin", "rst", got 'bang'`],
])('set(%j) rejects with %j and changes nothing', async (change, message) => {
  await using chaos = await before({ port: 9 }, { faults: { jitterMs: 1 } })
  const { faults } = chaos
  await expect(chaos.set({ latencyMs: 7, ...change })).rejects.toThrow(message)
  expect(chaos.faults).toBe(faults)
})

test('a bad value names the field, the bound and the value', async () => {
  const error: unknown = await startChaos({ target, port: -1 }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BadValueError)
  expect(error).toMatchObject({
    field: 'port',
    bound: 'an integer from 0 to 65535',
    value: '-1',
    received: -1,
  })
})

test('set merges, per direction too, and Infinity means no limit', async () => {
  await using chaos = await before({ port: 9 })
  expect(chaos.faults).toEqual(noFaults)
  await chaos.set({ latencyMs: 5, bytesPerSecond: 10 })
  await chaos.set({ latencyMs: { up: 9 }, bytesPerSecond: Infinity, chunkBytes: { up: 2, down: 2 } })
  expect(chaos.faults).toEqual({ ...noFaults, latencyMs: { up: 9, down: 5 }, chunkBytes: 2 })
  await chaos.clear()
  expect(chaos.faults).toEqual(noFaults)
})

test('the log is bounded, numbered and in order', async () => {
  await using chaos = await before({ port: 9 }, { maxLogEntries: 5 })
  for (let at = 1; at <= 23; at += 1) await chaos.set({ latencyMs: at })
  expect(chaos.log.map(({ n }) => n)).toEqual([20, 21, 22, 23, 24])
  expect(chaos.logAfter(22).map(({ n }) => n)).toEqual([23, 24])
  const times = chaos.log.map(({ atMs }) => atMs)
  expect([...times].sort((a, b) => a - b)).toEqual(times)
})

test('onEvent tells of each event until undone', async () => {
  await using chaos = await before({ port: 9 })
  const heard: string[] = []
  const undo = chaos.onEvent(({ event: name }) => heard.push(name))
  chaos.cut()
  undo()
  undo()
  chaos.reset()
  expect(heard).toEqual(['cut'])
})

test('a listener that throws does not get in the way, and its error surfaces', async () => {
  await using chaos = await before({ port: 9 })
  const heard: string[] = []
  const undo = chaos.onEvent(() => {
    throw new RangeError('bug of a listener')
  })
  chaos.onEvent(({ event: name }) => heard.push(name))
  // Vitest would fail the test for the uncaught error that this is about.
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const surfaced = new Promise((resolve) => process.once('uncaughtException', resolve))
  chaos.cut()
  undo()
  expect(await surfaced).toMatchObject({ message: 'bug of a listener' })
  for (const other of others) process.on('uncaughtException', other)
  expect(heard).toEqual(['cut'])
})

test('close ends everything once, and what comes after it does nothing or says so', async () => {
  await using server = await Target.start(echo)
  const chaos = await before(server, { control: {} })
  await using client = await dial(chaos.port)
  await event(chaos, 'connected')
  const done = chaos.close()
  expect(chaos.close()).toBe(done)
  await done
  await client.saw('end')
  expect([chaos.connections, chaos.isListening, chaos.cut(), chaos.reset()]).toEqual([[], false, 0, 0])
  await chaos.clear()
  await expect(chaos.set({})).rejects.toThrow(ChaosError)
  await expect(chaos.set({})).rejects.toMatchObject({ code: 'closed' })
  expect(() => chaos.runSchedule([])).toThrow('runSchedule: the proxy is closed')
  expect(chaos.log.at(-1)).toMatchObject({ event: 'stopped' })
  await using late = await dial(chaos.port)
  expect(late.events[0]).toBe('ECONNREFUSED')
})

test('close inside an event listener is legal', async () => {
  await using server = await Target.start()
  const chaos = await before(server)
  chaos.onEvent(() => void chaos.close())
  chaos.cut()
  await chaos.close()
  expect(chaos.log.filter(({ event: name }) => name === 'stopped')).toHaveLength(1)
})

test('close while a schedule holds the port shut leaves the port shut', async () => {
  await using server = await Target.start()
  const chaos = await before(server, {
    schedule: [{ afterMs: 0, set: { accept: 'refuse' }, forMs: 600_000 }],
  })
  await event(chaos, 'not-listening')
  await chaos.close()
  await using late = await dial(chaos.port)
  expect(late.events[0]).toBe('ECONNREFUSED')
})

test('a busy port is said aloud, and nothing stays behind', async () => {
  await using first = await before({ port: 9 }, { control: {} })
  await expect(before({ port: 9 }, { port: first.port })).rejects.toMatchObject({
    code: 'port-in-use',
    message: `listen: port ${first.port} on 127.0.0.1 is already in use`,
  })
  await expect(before({ port: 9 }, { control: { port: first.controlPort ?? 0 } })).rejects.toMatchObject({
    code: 'port-in-use',
    message: `control: port ${first.controlPort} on 127.0.0.1 is already in use`,
  })
})

test('an address that is not of this machine cannot be listened on', async () => {
  await expect(before({ port: 9 }, { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'listen-failed' })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LogEntry, randomSchedule, seededRandom, type Step } from '../src/index.ts'
import { before, dial, event, Target } from './tcp.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('the same seed gives the same numbers, from 0 up to but not including 1', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const [one, two] = [seededRandom(seed), seededRandom(seed)]
      for (let draw = 0; draw < 20; draw += 1) {
        const value = one()
        expect(value).toBe(two())
        expect(value >= 0 && value < 1).toBe(true)
      }
    }),
  )
})

test('the numbers of a seed are spread evenly, and neighbours differ', () => {
  const random = seededRandom(7)
  const counts = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let draw = 0; draw < 10_000; draw += 1) {
    const tenth = Math.floor(random() * 10)
    counts[tenth] = (counts[tenth] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(900)
  expect(Math.max(...counts)).toBeLessThan(1_100)
  expect(new Set(Array.from({ length: 1_000 }, (_, seed) => seededRandom(seed)())).size).toBe(1_000)
})

test('a random schedule is a pure function of its options', () => {
  fc.assert(
    fc.property(seeds, fc.nat(20_000), (seed, durationMs) => {
      const steps = randomSchedule({ seed, durationMs, everyMs: 100 })
      expect(randomSchedule({ seed, durationMs, everyMs: 100 })).toEqual(steps)
      expect(steps.at(-1)).toEqual({ afterMs: durationMs, action: 'clear' })
      for (const { afterMs, forMs = 0 } of steps) expect(afterMs + forMs).toBeLessThanOrEqual(durationMs)
    }),
  )
  const [one, two] = [1, 2].map((seed) => randomSchedule({ seed, durationMs: 10_000 }))
  expect(one).not.toEqual(two)
})

test('the steps of a seed do not change from one version to the next', () => {
  expect(randomSchedule({ seed: 42, durationMs: 4_000 })).toMatchInlineSnapshot(`
    [
      {
        "afterMs": 572,
        "forMs": 479,
        "set": {
          "bytesPerSecond": 65289,
        },
      },
      {
        "afterMs": 1205,
        "forMs": 887,
        "set": {
          "accept": "hang",
        },
      },
      {
        "afterMs": 2006,
        "forMs": 994,
        "set": {
          "accept": "refuse",
        },
      },
      {
        "afterMs": 2992,
        "forMs": 383,
        "set": {
          "bytesPerSecond": 91003,
        },
      },
      {
        "action": "clear",
        "afterMs": 4000,
      },
    ]
  `)
})

test('a random schedule draws only the troubles it was given', () => {
  const steps = randomSchedule({ seed: 3, durationMs: 60_000, troubles: ['cut', 'reset'] })
  expect(steps.length).toBeGreaterThan(30)
  expect(new Set(steps.map((step) => step.action))).toEqual(new Set(['cut', 'reset', 'clear']))
})

test.each<[object, string]>([
  [{ seed: -1, durationMs: 1 }, 'seed: must be an integer from 0 to 4294967295, got -1'],
  [{ seed: 1, durationMs: 1.5 }, 'durationMs: must be an integer from 0 to 2147483647, got 1.5'],
  [{ seed: 1, durationMs: 1, everyMs: 0 }, 'everyMs: must be an integer from 1 to 2147483647, got 0'],
  [{ seed: 1, durationMs: 1, maxForMs: 0 }, 'maxForMs: must be an integer from 1 to 2147483647, got 0'],
  [{ seed: 1, durationMs: 1, troubles: [] }, 'troubles: must be a list of at least 1 item, got []'],
  [{ seed: 1, durationMs: 1, troubles: ['fire'] }, 'troubles[0]: must be one of'],
])('randomSchedule(%j) throws %j', (options, message) => {
  expect(() => randomSchedule(options as Parameters<typeof randomSchedule>[0])).toThrow(message)
})

const schedulePart = (log: readonly LogEntry[]) =>
  log.filter(({ event: name }) => ['step', 'step-ended', 'schedule-ended', 'faults', 'cut'].includes(name))

test('a schedule carries out its steps in order of time and switches off what it set', async () => {
  await using target = await Target.start()
  const steps: readonly Step[] = [
    { afterMs: 60, action: 'cut' },
    { afterMs: 10, set: { latencyMs: 5 }, forMs: 20 },
  ]
  await using chaos = await before(target, { schedule: steps })
  await using client = await dial(chaos.port)
  await client.saw('end')
  await event(chaos, 'schedule-ended')
  expect(schedulePart(chaos.log)).toMatchObject([
    { event: 'step', index: 1 },
    { event: 'faults', faults: { latencyMs: 5 } },
    { event: 'step-ended', index: 1 },
    { event: 'faults', faults: { latencyMs: 0 } },
    { event: 'step', index: 0 },
    { event: 'cut', connections: 1 },
    { event: 'schedule-ended', by: 'end' },
  ])
  expect(chaos.isScheduled).toBe(false)
})

test('stopping a schedule switches off what lasts and drops what was to come', async () => {
  await using target = await Target.start()
  await using chaos = await before(target)
  const stop = chaos.runSchedule([
    { afterMs: 0, set: { stall: 'up' }, forMs: 600_000 },
    { afterMs: 600_000, action: 'cut' },
  ])
  await event(chaos, 'step')
  expect([chaos.isScheduled, chaos.faults.stall]).toEqual([true, 'up'])
  stop()
  stop()
  expect([chaos.isScheduled, chaos.faults.stall]).toEqual([false, false])
  expect(chaos.log.filter(({ event: name }) => name === 'schedule-ended')).toHaveLength(1)
})

test('a new schedule takes the place of the running one, and clear stops it', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, { schedule: [{ afterMs: 600_000, action: 'cut' }] })
  chaos.runSchedule([{ afterMs: 600_000, action: 'reset' }])
  expect(chaos.isScheduled).toBe(true)
  await chaos.clear()
  expect(chaos.isScheduled).toBe(false)
  expect(chaos.log.filter(({ event: name }) => name === 'schedule-ended')).toHaveLength(2)
})

test('the clear step clears the faults and lets the schedule go on', async () => {
  await using target = await Target.start()
  await using chaos = await before(target, {
    faults: { accept: 'refuse', latencyMs: 9 },
    schedule: [
      { afterMs: 0, action: 'clear' },
      { afterMs: 20, set: { jitterMs: 3 } },
    ],
  })
  await event(chaos, 'schedule-ended')
  expect(chaos.faults).toMatchObject({ accept: 'ok', latencyMs: 0, jitterMs: 3 })
})

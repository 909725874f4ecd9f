import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffDelayMs, defaults, hintDelayMs } from '../../client/src/index.ts'
import { EventHeap } from '../src/storm/event-heap.ts'
import { clientPolicies, simulateStorm, stormChart, stormSvg, stormTable } from '../src/storm/index.ts'
import { readStormCommand } from '../src/storm/storm-arguments.ts'

test('the policy named holdfast is what the client does with its defaults', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.nat({ max: 1_000_000 }), unit, (retry, hintMs, drawn) => {
      const { delayMs, hintedMs } = clientPolicies.holdfast
      const random = () => drawn
      expect(delayMs(retry, random)).toBe(backoffDelayMs(defaults.backoff, retry, random))
      expect(hintedMs(hintMs, random)).toBe(hintDelayMs(hintMs, random))
    }),
  )
})

test('100,000 clients of a server that takes 2,000 a second are back close to as fast as can be', () => {
  for (const seed of [1, 2, 3]) {
    const { times, outcome, idealMs, wasted, attemptsAfterPerClient } = simulateStorm({ seed })
    expect(outcome).toBe('recovered')
    expect(times.t95Ms).toBeLessThanOrEqual(1.25 * 0.95 * idealMs)
    expect(times.t99Ms).toBeLessThanOrEqual(1.5 * 0.99 * idealMs)
    expect(attemptsAfterPerClient).toBeLessThanOrEqual(3)
    expect(wasted).toBe(0)
  }
})

test('with admission no storm feeds itself, whatever the client does and however large the crowd is', () => {
  for (const policy of Object.keys(clientPolicies) as (keyof typeof clientPolicies)[]) {
    for (const [clients, capacityPerS] of [
      [10_000, 200],
      [10_000, 20],
    ] as const) {
      expect(simulateStorm({ clients, capacityPerS, policy }).outcome, policy).not.toBe('metastable')
    }
  }
})

test('ten minutes of work are done in little more than ten minutes', () => {
  const { times, idealMs } = simulateStorm({ clients: 30_000, capacityPerS: 50 })
  expect(times.t95Ms).toBeLessThanOrEqual(1.25 * 0.95 * idealMs)
})

test('without admission the same crowd never comes back', () => {
  const { outcome, wasted, times, back, clients } = simulateStorm({
    server: 'queue',
    clients: 20_000,
    capacityPerS: 400,
  })
  expect(outcome).toBe('metastable')
  expect(back / clients).toBeLessThan(0.5)
  expect(wasted).toBeGreaterThan(clients)
  expect(times.t95Ms).toBeUndefined()
})

test('a planned drain is flat: one try each, and a peak near the mean', () => {
  const { peakToMean, attemptsPerClient, outcome } = simulateStorm({ drainMs: 60_000 })
  expect(outcome).toBe('recovered')
  expect(peakToMean).toBeLessThanOrEqual(1.25)
  expect(attemptsPerClient).toBeLessThanOrEqual(1.05)
})

test('a small crowd is not punished', () => {
  const { times, attemptsPerClient } = simulateStorm({ clients: 1_000, downMs: 0 })
  expect(times.t100Ms).toBeLessThan(3_000)
  expect(attemptsPerClient).toBe(1)
})

test('the same options give the same result, another seed another', () => {
  const options = { clients: 2_000, capacityPerS: 100, seed: 7 }
  expect(simulateStorm(options)).toEqual(simulateStorm(options))
  expect(simulateStorm({ ...options, seed: 8 })).not.toEqual(simulateStorm(options))
})

test('the heap gives times in order, whatever happens to them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { minLength: 1 }),
      fc.array(fc.option(fc.nat(1_000))),
      (times, changes) => {
        const heap = new EventHeap(times.length)
        const model = new Map(times.map((timeMs, owner) => [owner, timeMs]))
        times.forEach((timeMs, owner) => heap.push(timeMs, owner))
        for (const change of [...changes, ...times.map(() => null)]) {
          if (heap.size === 0) break
          expect(heap.nextMs).toBe(Math.min(...model.values()))
          expect(model.get(heap.nextOwner)).toBe(heap.nextMs)
          if (change === null) {
            model.delete(heap.nextOwner)
            heap.removeNext()
          } else {
            model.set(heap.nextOwner, change)
            heap.delayNext(change)
          }
        }
        expect(heap.nextMs).toBe(Infinity)
      },
    ),
  )
})

test('a table and charts tell the result', () => {
  const results = [simulateStorm({ clients: 2_000, capacityPerS: 100 })]
  expect(stormTable(results)).toMatch(/^client policy +outcome +t50 .*\nholdfast +recovered +\d/)
  expect(stormChart(results[0] ?? simulateStorm())).toContain('#')
  const svg = stormSvg(results)
  expect(svg).toMatch(/^<svg [^>]+>\n[^]*<\/svg>\n$/)
  expect(svg).not.toMatch(/NaN|undefined/)
})

test('the command line says what is wrong in its own words', () => {
  expect(() => readStormCommand(['--down', 'long'])).toThrow("--down: must be a number, received 'long'")
  expect(() => readStormCommand(['--capacity', '0'])).toThrow(
    '--capacity: must be an integer from 1 to 1000000, received 0',
  )
  expect(() => readStormCommand(['--policy', 'hope'])).toThrow(
    /--policy: must be one of holdfast, .*, received 'hope'/,
  )
  expect(() => readStormCommand(['--down', '5', '--drain', '5'])).toThrow(
    '--down: must be absent together with drainMs',
  )
  expect(readStormCommand(['--policy', 'all', '--down', '0.5'])).toMatchObject({
    name: 'simulate',
    storms: Object.keys(clientPolicies).map((policy) => ({ policy, downMs: 500 })),
  })
})

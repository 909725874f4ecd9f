import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Backlog, type Parcel } from '../src/hub/backlog.ts'
import type { BackpressurePolicy } from '../src/hub/backpressure.ts'

const policies: BackpressurePolicy[] = ['disconnect', 'drop-oldest', 'drop-newest', 'coalesce']

const parcel = (data: string, key?: string): Parcel => ({ data, bytes: data.length, key })

function drained(backlog: Backlog): unknown[] {
  const all: unknown[] = []
  for (let next = backlog.take(); next !== undefined; next = backlog.take()) all.push(next.data)
  return all
}

test('whatever happens, no more waits than the bounds say, in order, and every message is accounted for', () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ bytes: fc.nat(30), key: fc.option(fc.constantFrom('a', 'b', 'c')) }),
    },
    { weight: 1, arbitrary: fc.constant('take' as const) },
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...policies),
      fc.nat(6),
      fc.nat(60),
      fc.array(step, { maxLength: 80 }),
      (policy, maxMessages, maxBytes, steps) => {
        const backlog = new Backlog({ policy, maxMessages, maxBytes })
        let added = 0
        let dropped = 0
        let lastTaken = 0
        const taken: number[] = []
        const take = () => {
          const next = backlog.take()
          if (next === undefined) return
          const number = Number(next.data)
          expect(number).toBeGreaterThan(lastTaken)
          lastTaken = number
          taken.push(number)
        }
        for (const one of steps) {
          if (one === 'take') take()
          else {
            added += 1
            const answer = backlog.add({ data: String(added), bytes: one.bytes, key: one.key ?? undefined })
            dropped += answer.dropped
            if (!answer.kept) expect(answer.dropped).toBeGreaterThan(0)
          }
          expect(backlog.messages).toBeLessThanOrEqual(maxMessages)
          expect(backlog.bytes).toBeLessThanOrEqual(maxBytes)
        }
        while (backlog.messages > 0) take()
        expect(backlog.bytes).toBe(0)
        expect(taken.length + dropped).toBe(added)
      },
    ),
  )
})

test.each([
  ['disconnect', ['1', '2', '3'], 2],
  ['drop-newest', ['1', '2', '3'], 2],
  ['drop-oldest', ['3', '4', '5'], 2],
  ['coalesce', ['3', '4', '5'], 2],
] as const)('%s keeps %j of five with room for three', (policy, kept, lost) => {
  const backlog = new Backlog({ policy, maxMessages: 3, maxBytes: 100 })
  const answers = ['1', '2', '3', '4', '5'].map((data) => backlog.add(parcel(data)))
  expect(answers.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(lost)
  expect(drained(backlog)).toEqual(kept)
})

test('coalesce keeps only the newest of a key, at its place in time', () => {
  const backlog = new Backlog({ policy: 'coalesce', maxMessages: 3, maxBytes: 100 })
  for (const [data, key] of [
    ['a1', 'a'],
    ['b1', 'b'],
    ['a2', 'a'],
    ['x', undefined],
    ['a3', 'a'],
  ] as const) {
    backlog.add(parcel(data, key))
  }
  expect(drained(backlog)).toEqual(['b1', 'x', 'a3'])
})

test('other policies keep every message of a key', () => {
  const backlog = new Backlog({ policy: 'drop-oldest', maxMessages: 3, maxBytes: 100 })
  for (const data of ['a1', 'a2', 'a3']) backlog.add(parcel(data, 'a'))
  expect(drained(backlog)).toEqual(['a1', 'a2', 'a3'])
})

test('a message larger than all the room is dropped alone', () => {
  const backlog = new Backlog({ policy: 'drop-oldest', maxMessages: 3, maxBytes: 4 })
  backlog.add(parcel('1'))
  expect(backlog.add(parcel('12345'))).toEqual({ kept: false, dropped: 1 })
  expect(drained(backlog)).toEqual(['1'])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Inbox, emptyInbox } from '../src/inbox.ts'
import { defaultLimits } from '../src/limits.ts'

function receiver(limits: Partial<typeof defaultLimits> = {}) {
  const state = emptyInbox()
  return { state, inbox: new Inbox(state, { ...defaultLimits, ...limits }) }
}

describe('an inbox', () => {
  test('counts from one', () => {
    const { inbox } = receiver()
    expect([inbox.accept(0), inbox.accept(5)]).toEqual([1, 2])
    expect([inbox.rx, inbox.handled]).toEqual([2, 0])
  })

  test('refuses a message over the limit and does not count it', () => {
    const { inbox } = receiver({ maxBytes: 3 })
    expect(inbox.accept(4)).toBe('too-large')
    expect(inbox.rx).toBe(0)
  })

  test('refuses more messages than its window since the last acknowledgement it told', () => {
    const { inbox } = receiver({ windowMessages: 2 })
    inbox.accept(1)
    inbox.accept(1)
    expect(inbox.accept(1)).toBe('window')
    inbox.settle(1)
    expect(inbox.accept(1)).toBe('window')
    inbox.tell()
    expect(inbox.accept(1)).toBe(3)
  })

  test('acknowledges the handled prefix, not what was handled ahead of it', () => {
    const { inbox } = receiver()
    for (const bytes of [1, 1, 1]) inbox.accept(bytes)
    inbox.settle(3)
    inbox.settle(2)
    expect([inbox.isOwing, inbox.tell()]).toEqual([false, 0])
    inbox.settle(1)
    expect([inbox.isOwing, inbox.tell()]).toEqual([true, 3])
  })

  test('ignores a number that is not open', () => {
    const { inbox } = receiver()
    inbox.accept(1)
    inbox.settle(1)
    for (const number of [0, 1, 2]) inbox.settle(number)
    inbox.accept(1)
    expect(inbox.handled).toBe(1)
  })

  test.each([
    [1_024, 64],
    [64, 32],
    [3, 2],
    [1, 1],
  ])('with a window of %i messages owes an acknowledgement after %i', (windowMessages, due) => {
    const { inbox } = receiver({ windowMessages })
    for (let number = 1; number <= due; number += 1) {
      expect(inbox.isDue).toBe(false)
      inbox.accept(0)
      inbox.settle(number)
    }
    expect(inbox.isDue).toBe(true)
    inbox.tell()
    expect(inbox.isDue).toBe(false)
  })

  test.each([
    [4_194_304, 65_536],
    [101, 51],
  ])('with a window of %i bytes owes an acknowledgement after %i', (windowBytes, due) => {
    const { inbox } = receiver({ windowBytes, maxBytes: 101 })
    let bytes = 0
    let number = 0
    while (bytes < due) {
      expect(inbox.isDue && number < 64).toBe(false)
      number += 1
      inbox.accept(51)
      inbox.settle(number)
      inbox.settle(number)
      bytes += 51
      if (number % 60 === 0) return
    }
    expect(inbox.isDue).toBe(true)
  })

  test('counts bytes when they are handled, not when they arrive', () => {
    const { inbox } = receiver({ windowBytes: 100, maxBytes: 100 })
    inbox.accept(60)
    inbox.accept(10)
    inbox.tell()
    expect(inbox.isDue).toBe(false)
    inbox.settle(1)
    expect(inbox.isDue).toBe(true)
  })

  test('goes on from counts that were kept elsewhere', () => {
    const inbox = new Inbox({ rx: 5, handled: 3 }, defaultLimits)
    inbox.settle(4)
    expect([inbox.accept(1), inbox.tell()]).toEqual([6, 4])
  })

  test('keeps told ≤ handled ≤ rx in any order of settling', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), { maxLength: 80 }),
        (steps) => {
          const { inbox } = receiver({ windowMessages: 10 })
          const settled = new Set<number>()
          for (const [arrives, number] of steps) {
            if (arrives) inbox.accept(1)
            else {
              if (number <= inbox.rx) settled.add(number)
              inbox.settle(number)
            }
            let prefix = 0
            while (settled.has(prefix + 1)) prefix += 1
            expect(inbox.handled).toBe(prefix)
            expect(inbox.handled <= inbox.rx).toBe(true)
          }
        },
      ),
    )
  })
})

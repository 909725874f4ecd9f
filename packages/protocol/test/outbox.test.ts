import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { handBack } from '../src/hand-back.ts'
import { defaultLimits } from '../src/limits.ts'
import { Outbox } from '../src/outbox.ts'
import { emptyOutbox } from '../src/outbox-state.ts'
import { type Note, note, payloads } from './pair.ts'

const bounds = { maxMessages: 1_000, maxBytes: 1_000_000 }

function sender(limits = defaultLimits) {
  const state = emptyOutbox<Note>()
  const outbox = new Outbox(state)
  outbox.begin({ rx: 0, ack: 0 }, limits, bounds)
  const flush = (): string[] => {
    const sent: string[] = []
    for (let entry = outbox.peek(); entry !== undefined; entry = outbox.peek()) {
      outbox.advance(entry)
      sent.push(String(entry.payload))
    }
    return sent
  }
  return { state, outbox, flush }
}

describe('an outbox', () => {
  test('numbers from one and sends in order', () => {
    const { outbox, flush } = sender()
    expect([outbox.append(note('a')), outbox.append(note('b'))]).toEqual([1, 2])
    expect(flush()).toEqual(['a', 'b'])
    expect(outbox.sent).toBe(2)
  })

  test('stops at the window in messages until an acknowledgement', () => {
    const { outbox, flush } = sender({ ...defaultLimits, windowMessages: 2 })
    for (const text of 'abcd') outbox.append(note(text))
    expect(flush()).toEqual(['a', 'b'])
    expect(outbox.acknowledge(1)).toHaveLength(1)
    expect(flush()).toEqual(['c'])
  })

  test('stops at the window in bytes, but lets one message that fills it go alone', () => {
    const { outbox, flush } = sender({ maxBytes: 4, windowMessages: 9, windowBytes: 4 })
    for (const text of ['aa', 'bbb', 'cccc']) outbox.append(note(text))
    expect(flush()).toEqual(['aa'])
    outbox.acknowledge(1)
    expect(flush()).toEqual(['bbb'])
    outbox.acknowledge(2)
    expect(flush()).toEqual(['cccc'])
  })

  test('stops at its own bounds when they are tighter than the window', () => {
    const outbox = new Outbox(emptyOutbox<Note>())
    outbox.begin({ rx: 0, ack: 0 }, defaultLimits, { maxMessages: 1, maxBytes: 100 })
    expect(outbox.isOpen(1)).toBe(true)
    outbox.append(note('a'))
    outbox.advance(note('a'))
    expect(outbox.isOpen(1)).toBe(false)
  })

  test('is open to a new message as far as the window has room for it behind all that waits', () => {
    const { outbox, flush } = sender({ maxBytes: 4, windowMessages: 3, windowBytes: 4 })
    outbox.append(note('aa'))
    expect(outbox.isOpen(2)).toBe(true)
    expect(outbox.isOpen(3)).toBe(false)
    outbox.append(note('bb'))
    expect(outbox.isOpen(1)).toBe(false)
    expect(outbox.isOpen(0)).toBe(true)
    outbox.append(note(''))
    expect(outbox.isOpen(0)).toBe(false)
    flush()
    outbox.acknowledge(2)
    expect(outbox.isOpen(4)).toBe(true)
  })

  test('goes back to what the other end lacks on a new connection', () => {
    const { outbox, flush } = sender()
    for (const text of 'abcd') outbox.append(note(text))
    flush()
    const freed = outbox.begin({ rx: 2, ack: 1 }, defaultLimits, bounds)
    expect(freed).toHaveLength(1)
    expect(outbox.sent).toBe(2)
    expect(flush()).toEqual(['c', 'd'])
  })

  test('goes back further when the other end has forgotten what it had accepted', () => {
    const { outbox, flush } = sender()
    for (const text of 'abcd') outbox.append(note(text))
    flush()
    outbox.begin({ rx: 3, ack: 1 }, defaultLimits, bounds)
    outbox.begin({ rx: 1, ack: 1 }, defaultLimits, bounds)
    expect(flush()).toEqual(['b', 'c', 'd'])
  })

  test.each([
    ['below what was acknowledged', { rx: 3, ack: 0 }],
    ['beyond what was ever sent', { rx: 5, ack: 1 }],
    ['handled beyond accepted', { rx: 2, ack: 3 }],
  ])('calls counts %s diverged and changes nothing', (_, peer) => {
    const { state, outbox, flush } = sender()
    for (const text of 'abcd') outbox.append(note(text))
    flush()
    outbox.append(note('e'))
    outbox.acknowledge(1)
    const before = structuredClone(state)
    expect(outbox.begin(peer, defaultLimits, bounds)).toBe('diverged')
    expect(state).toEqual(before)
  })

  test('calls a message too large only if it must be sent again', () => {
    const { outbox, flush } = sender()
    for (const text of ['large', 's']) outbox.append(note(text))
    flush()
    const small = { maxBytes: 4, windowMessages: 9, windowBytes: 9 }
    expect(outbox.begin({ rx: 0, ack: 0 }, small, bounds)).toBe('too-large')
    expect(outbox.begin({ rx: 1, ack: 0 }, small, bounds)).toEqual([])
  })

  test.each([
    ['goes backwards', 0],
    ['covers a message this connection has not carried', 3],
  ])('refuses an acknowledgement that %s', (_, ack) => {
    const { outbox, flush } = sender()
    for (const text of 'abc') outbox.append(note(text))
    flush()
    outbox.begin({ rx: 2, ack: 1 }, defaultLimits, bounds)
    expect(outbox.acknowledge(ack)).toBe('badack')
  })

  test('holds exactly acked + 1 to tx, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), n: fc.integer({ min: 0, max: 9 }) }),
      fc.record({
        do: fc.constantFrom('ack' as const, 'begin' as const, 'flush' as const),
        n: fc.integer({ min: -1, max: 12 }),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { state, outbox, flush } = sender({ maxBytes: 9, windowMessages: 3, windowBytes: 12 })
        for (const { do: what, n } of steps) {
          if (what === 'append') outbox.append({ payload: String(state.tx + 1), bytes: n })
          else if (what === 'ack') outbox.acknowledge(state.acked + n)
          else if (what === 'flush') flush()
          else {
            const limits = { maxBytes: 9, windowMessages: 3, windowBytes: 12 }
            outbox.begin({ rx: state.acked + n + 1, ack: state.acked + n }, limits, bounds)
          }
          expect(state.entries.map((entry) => Number(entry.payload))).toEqual(
            Array.from({ length: state.tx - state.acked }, (_, index) => state.acked + 1 + index),
          )
          expect(state.acked <= state.hi && state.hi <= state.tx && outbox.sent <= state.tx).toBe(true)
        }
      }),
    )
  })
})

describe('a hand-back', () => {
  const state = { acked: 2, tx: 7, hi: 6, entries: ['3', '4', '5', '6', '7'].map(note) }
  const fates = (last?: { lack: number; lrx: number }) => {
    const { delivered, uncertain, undelivered } = handBack(state, last)
    return [delivered, uncertain, undelivered].map((entries) => payloads(entries).join(''))
  }

  test('calls what was ever sent uncertain without counts', () => {
    expect(fates()).toEqual(['', '3456', '7'])
  })

  test('tells delivered, uncertain and undelivered apart with counts', () => {
    expect(fates({ lack: 3, lrx: 5 })).toEqual(['3', '45', '67'])
  })

  test.each([
    { lack: 1, lrx: 5 },
    { lack: 3, lrx: 7 },
    { lack: 5, lrx: 4 },
  ])('does not believe counts that cannot be: $lack, $lrx', (last) => {
    expect(fates(last)).toEqual(['', '3456', '7'])
  })
})

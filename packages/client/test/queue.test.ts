import { ReceiptEntry } from '@holdfast/mailbox'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaults, type Message } from '../src/index.ts'
import { Queue, type QueueOptions, type SendOptions } from '../src/queue.ts'
import { ManualClock } from '../src/testing/index.ts'
import { openedWorld, openWorld } from './world.ts'

/** A session that is not connected, so that everything waits. */
const away = (queue: Partial<QueueOptions> = {}) => openWorld({ autoConnect: false, queue })

const text = (message: { readonly message: Message }) => message.message

describe('the bounds of the queue', () => {
  it('count: one more than maxMessages is rejected, with an error that says how full it is', () => {
    const { session } = away({ maxMessages: 2 })
    const receipts = ['one', 'two', 'three'].map((message) => session.send(message))
    expect(receipts.map(({ status }) => status)).toEqual(['queued', 'queued', 'rejected'])
    expect(receipts[2]?.error).toMatchObject({
      code: 'queue-full',
      message: expect.stringContaining('2 of 2 messages') as string,
    })
    expect(session.queue.entries().map(text)).toEqual(['one', 'two'])
  })

  it('bytes: counted as UTF-8, in every kind of message', () => {
    const { session } = away({ maxBytes: 20 })
    session.send('€')
    expect(session.queue.bytes).toBe(3)
    session.send('😀')
    expect(session.queue.bytes).toBe(7)
    session.send(new ArrayBuffer(5))
    expect(session.queue.bytes).toBe(12)
    session.send(new Uint16Array(2))
    expect(session.queue.bytes).toBe(16)
    session.send(new Blob(['four']))
    expect(session.queue.bytes).toBe(20)
    expect(session.send('x').status).toBe('rejected')
    expect(session.queue.size).toBe(5)
  })

  it('0 messages: what cannot be sent at once overflows', async () => {
    const { session, clock, server } = openWorld({ queue: { maxMessages: 0 } })
    expect(session.send('early').status).toBe('rejected')
    await clock.advance(0)
    expect(session.send('now').status).toBe('written')
    await clock.advance(0)
    expect(server.last.received).toEqual(['now'])
  })

  it('a message larger than maxMessageBytes is rejected, open or not, and harms no other', async () => {
    const world = openWorld({ queue: { maxMessageBytes: 4 } })
    const { session, clock, server } = world
    for (const state of ['connecting', 'open']) {
      expect(session.state.name).toBe(state)
      const large = session.send('12345')
      expect(large).toMatchObject({
        status: 'rejected',
        error: { code: 'message-too-large', message: expect.stringMatching(/5 bytes.*4/) as string },
      })
      session.send('1234')
      await clock.advance(0)
    }
    expect(server.last.received).toEqual(['1234', '1234'])
    expect(world.errors).toEqual([])
  })
})

describe('overflow', () => {
  it("'drop-oldest' drops from the front until there is room", () => {
    const { session } = away({ overflow: 'drop-oldest', maxBytes: 6 })
    const receipts = ['aa', 'bb', 'cc', 'dddd'].map((message) => session.send(message))
    expect(receipts.map(({ status }) => status)).toEqual(['dropped', 'dropped', 'queued', 'queued'])
    expect(session.queue.entries().map(text)).toEqual(['cc', 'dddd'])
  })

  it("'drop-oldest' drops nothing for a message that could never fit", () => {
    const { session } = away({ overflow: 'drop-oldest', maxBytes: 4 })
    const kept = session.send('1234')
    expect(session.send('12345')).toMatchObject({ status: 'rejected', error: { code: 'queue-full' } })
    expect(kept.status).toBe('queued')
  })

  it("'drop-newest' drops the new one", () => {
    const { session } = away({ overflow: 'drop-newest', maxMessages: 1 })
    const [first, second] = [session.send('one'), session.send('two')]
    expect([first.status, second.status, second.error]).toEqual(['queued', 'dropped', undefined])
  })
})

describe('ttlMs', () => {
  it('settles the receipt on time, with one timer for all', async () => {
    const { session, clock } = away({ ttlMs: 60_000 })
    const timers = session.resources.timers
    const receipts = [10_000, 5_000, 20_000].map((ttlMs) => session.send('x', { ttlMs }))
    const standard = session.send('y')
    expect(session.resources.timers).toBe(timers + 1)
    const statuses = () => [...receipts, standard].map(({ status }) => status)
    await clock.advance(4_999)
    expect(statuses()).toEqual(['queued', 'queued', 'queued', 'queued'])
    await clock.advance(1)
    expect(statuses()).toEqual(['queued', 'expired', 'queued', 'queued'])
    await clock.advance(5_000)
    expect(statuses()).toEqual(['expired', 'expired', 'queued', 'queued'])
    await clock.advance(50_000)
    expect(statuses()).toEqual(['expired', 'expired', 'expired', 'expired'])
    expect([session.queue.size, session.queue.bytes]).toEqual([0, 0])
    expect(session.resources.timers).toBe(timers)
  })

  it('a message that is too old is not sent, even when the machine slept through its timer', async () => {
    const { session, clock, server } = away()
    const old = session.send('old', { ttlMs: 5_000 })
    const young = session.send('young')
    clock.jump(10_000)
    session.reconnect()
    await clock.advance(0)
    expect([old.status, young.status]).toEqual(['expired', 'written'])
    expect(server.last.received).toEqual(['young'])
  })

  it('a clock that was set back does not make a message wait for ever', async () => {
    const clock = new ManualClock()
    let setBackMs = 0
    const now = clock.now.bind(clock)
    clock.now = () => now() - setBackMs
    const { session } = openWorld({ clock, autoConnect: false })
    const receipt = session.send('x', { ttlMs: 5_000 })
    setBackMs = 3_000
    await clock.advance(8_000)
    expect(receipt.status).toBe('expired')
  })
})

describe('key', () => {
  it('one hour offline with one message a second: exactly one is sent, the latest', async () => {
    const { session, clock, server } = away()
    const receipts = []
    for (let second = 0; second < 3_600; second += 1) {
      receipts.push(session.send(`presence ${second}`, { key: 'presence' }))
      await clock.advance(1_000)
    }
    expect(session.queue.size).toBe(1)
    session.reconnect()
    await clock.advance(0)
    expect(server.last.received).toEqual(['presence 3599'])
    const statuses = new Map<string, number>()
    for (const { status } of receipts) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    expect(Object.fromEntries(statuses)).toEqual({ dropped: 3_599, written: 1 })
  })

  it('the latest is sent in its own turn, and other keys and messages are left alone', () => {
    const { session } = away()
    session.send('a1', { key: 'a' })
    session.send('plain')
    session.send('b1', { key: 'b' })
    session.send('a2', { key: 'a' })
    expect(session.queue.entries().map(text)).toEqual(['plain', 'b1', 'a2'])
  })

  it('replaces also when the queue is full: the older one leaves first', () => {
    const { session } = away({ maxMessages: 2, maxBytes: 4 })
    session.send('a1', { key: 'a' })
    session.send('bb')
    expect(session.send('a2', { key: 'a' }).status).toBe('queued')
    expect(session.queue.entries().map(text)).toEqual(['bb', 'a2'])
  })

  it('that does not fit leaves the older one where it is', () => {
    const { session } = away({ maxBytes: 4 })
    const older = session.send('a1', { key: 'a' })
    expect(session.send('12345', { key: 'a' }).status).toBe('rejected')
    expect(older.status).toBe('queued')
  })
})

describe("whenOffline: 'drop'", () => {
  it('is not kept in any state but open', async () => {
    const world = openWorld({ autoConnect: false })
    const drop = () => world.session.send('x', { whenOffline: 'drop' }).status
    expect(drop()).toBe('dropped')
    world.session.reconnect()
    expect(drop()).toBe('dropped')
    await world.clock.advance(0)
    expect(drop()).toBe('written')
    world.server.last.cut()
    await world.clock.advance(0)
    expect(drop()).toBe('dropped')
    expect(world.session.queue.size).toBe(0)
  })
})

describe('what is kept', () => {
  it('is copied when it is binary, for callers use their buffers again', async () => {
    const { session, clock, server } = away()
    const bytes = new Uint8Array([1, 2, 3, 4])
    session.send(bytes)
    session.send(bytes.buffer)
    session.send(bytes.subarray(1, 3))
    session.send(new DataView(bytes.buffer, 2))
    bytes.fill(9)
    session.reconnect()
    await clock.advance(0)
    const received = server.last.received.map((message) => [
      ...new Uint8Array(
        ArrayBuffer.isView(message)
          ? message.buffer.slice(message.byteOffset, message.byteOffset + message.byteLength)
          : (message as ArrayBuffer),
      ),
    ])
    expect(received).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [2, 3],
      [3, 4],
    ])
  })

  it('can be looked at, cancelled and cleared; each receipt says dropped', async () => {
    const { session, clock, server } = away()
    const [one, two, three, four] = ['1', '2', '3', '4'].map((message) => session.send(message))
    if (!one || !two || !three || !four) throw new Error('four were sent')
    expect(session.queue.entries().map(({ receipt }) => receipt)).toEqual([one, two, three, four])
    expect(session.queue.cancel(two)).toBe(true)
    expect(session.queue.cancel(two)).toBe(false)
    expect([two.status, session.queue.size]).toEqual(['dropped', 3])
    session.reconnect()
    await clock.advance(0)
    expect(session.queue.cancel(one)).toBe(false)
    expect(server.last.received).toEqual(['1', '3', '4'])
    session.pause()
    const five = session.send('5')
    session.queue.clear()
    expect([five.status, session.queue.size, session.queue.bytes]).toEqual(['dropped', 0, 0])
  })
})

describe('Queue', () => {
  it('keeps its counts, its order and its bounds whatever is done, and settles what leaves', () => {
    const send = fc.record({
      do: fc.constant('push' as const),
      size: fc.nat(12),
      key: fc.constantFrom('', '', 'a', 'b'),
      ttlMs: fc.constantFrom(Number.POSITIVE_INFINITY, 5, 50),
    })
    const other = fc.record({
      do: fc.constantFrom('shift' as const, 'expire' as const, 'cancel' as const, 'later' as const),
      at: fc.nat(20),
    })
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: send }, other), { maxLength: 60 }),
        fc.constantFrom('reject' as const, 'drop-oldest' as const, 'drop-newest' as const),
        (steps, overflow) => {
          const clock = new ManualClock()
          const queue = new Queue(
            { ...defaults.queue, maxMessages: 6, maxBytes: 30, overflow },
            clock,
            () => {},
          )
          const receipts: ReceiptEntry[] = []
          const left = new Set<ReceiptEntry>()
          let number = 0
          for (const step of steps) {
            if (step.do === 'push') {
              const receipt = new ReceiptEntry()
              receipts.push(receipt)
              const how: Required<SendOptions> = { key: step.key, ttlMs: step.ttlMs, whenOffline: 'queue' }
              queue.push(`${(number += 1)}`.padEnd(step.size, '.'), receipt, how)
            } else if (step.do === 'shift') {
              const entry = queue.shift()
              if (entry) left.add(entry.receipt)
              expect((entry?.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now()).toBe(true)
            } else if (step.do === 'expire') queue.expire()
            else if (step.do === 'later') clock.jump(step.at)
            else {
              const receipt = receipts[step.at % Math.max(1, receipts.length)]
              if (receipt) queue.cancel(receipt)
            }
            const entries = queue.entries()
            const numbers = entries.map(({ message }) => Number.parseInt(message as string, 10))
            expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
            expect(queue.size).toBe(entries.length)
            expect(queue.bytes).toBe(
              entries.reduce((sum, { message }) => sum + (message as string).length, 0),
            )
            expect(queue.size).toBeLessThanOrEqual(6)
            expect(queue.bytes).toBeLessThanOrEqual(30)
            const keys = entries.map(({ key }) => key).filter((key) => key !== '')
            expect(new Set(keys).size).toBe(keys.length)
            const waiting = new Set(entries.map(({ receipt }) => receipt))
            for (const receipt of receipts) {
              if (!left.has(receipt)) expect(receipt.status === 'queued').toBe(waiting.has(receipt))
            }
          }
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('the queue over many connections', () => {
  it('what was written is never sent again, and what was not is sent next time', async () => {
    const world = await openedWorld()
    const { session, clock, server } = world
    expect(session.send('written').status).toBe('written')
    server.last.cut()
    await clock.advance(0)
    session.send('waits')
    await clock.advance(2_000)
    expect(session.state.name).toBe('open')
    await clock.advance(0)
    expect(server.sockets.map(({ received }) => received)).toEqual([['written'], ['waits']])
  })
})

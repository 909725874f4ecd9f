import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../src/testing/index.ts'
import { type SendLimit, sendLimit, type SendLimitOptions } from '../src/rate/index.ts'
import { endWithTest } from './end-with-test.ts'
import { lastOf, type StubSocket, stubSockets } from './stub-socket.ts'
import { openWorld, type World, type WorldOptions } from './world.ts'

function limited(options: SendLimitOptions & { readonly clock: ManualClock }): SendLimit {
  return endWithTest(sendLimit(options))
}

interface Line extends World {
  readonly socket: StubSocket
}

/** Opens a session on a socket that takes everything. */
async function openOn(
  clock: ManualClock,
  limits: readonly SendLimit[],
  options: WorldOptions = {},
): Promise<Line> {
  const { made, createSocket } = stubSockets()
  const plugs = limits.map(({ plug }) => plug)
  const world = openWorld({ clock, createSocket, heartbeat: false, plugs, ...options })
  await clock.advance(0)
  const socket = lastOf(made)
  socket.opens()
  await clock.advance(0)
  return Object.defineProperty({ ...world, socket }, 'socket', { get: () => lastOf(made) })
}

describe('a session under sendLimit()', () => {
  it('sends a burst at once, then waits for a token for each message, in order', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 3, clock })
    const { session, socket } = await openOn(clock, [limit])
    const receipts = Array.from({ length: 6 }, (_, n) => session.send(`${n}`))
    expect(receipts.map(({ status }) => status)).toEqual(
      'written written written queued queued queued'.split(' '),
    )
    await clock.advance(99)
    expect(socket.sent).toEqual(['0', '1', '2'])
    await clock.advance(1)
    expect(socket.sent).toEqual(['0', '1', '2', '3'])
    await clock.advance(200)
    expect(socket.sent).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(receipts.every(({ status }) => status === 'written')).toBe(true)
  })

  it('holds no timer while nobody waits, and one while anybody does', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 2, clock })
    const { session } = await openOn(clock, [limit], { backoff: { stableAfterMs: 0 } })
    session.send('0')
    session.send('1')
    const idle = clock.pending
    for (let n = 2; n < 50; n += 1) session.send(`${n}`)
    // The second is the session's own: it looks at the socket's buffer while something waits.
    expect(clock.pending - idle).toBe(2)
    await clock.advance(10_000)
    expect(session.queue.size).toBe(0)
    expect(clock.pending).toBe(idle)
  })

  it('drops nothing silently: the bounds of the queue decide, and receipts say so', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 1, burst: 1, clock })
    const { session } = await openOn(clock, [limit], { queue: { maxMessages: 2 } })
    const receipts = ['a', 'b', 'c', 'd'].map((message) => session.send(message))
    expect(receipts.map(({ status }) => status)).toEqual(['written', 'queued', 'queued', 'rejected'])
    expect(receipts[3]?.error).toMatchObject({ code: 'queue-full' })
  })

  it('counts bytes as well, and lets a message through that is larger than the burst', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: Infinity, bytesPerSecond: 100, burstBytes: 10, clock })
    const { session, socket } = await openOn(clock, [limit])
    session.send('x'.repeat(60))
    session.send('é')
    session.send('z')
    expect(socket.sent).toHaveLength(1)
    await clock.advance(500)
    expect(socket.sent).toHaveLength(1)
    await clock.advance(15)
    expect(socket.sent).toHaveLength(2)
    await clock.advance(30)
    expect(socket.sent).toHaveLength(3)
  })

  it('lets pings and the closing handshake through when there is no token', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 0.001, burst: 1, clock })
    const { session, socket } = await openOn(clock, [limit], {
      heartbeat: { intervalMs: 1_000, ping: () => 'ping', isPong: (message) => message === 'pong' },
    })
    session.send('only')
    session.send('waits')
    await clock.advance(1_000)
    expect(socket.sent).toEqual(['only', 'ping'])
    socket.gives('pong')
    const end = session.close()
    await clock.advance(0)
    expect(socket.closedWith).toEqual([[1000, '']])
    socket.ends(1000)
    await clock.advance(0)
    const { handBack } = await end
    expect(handBack.undelivered.map(({ message }) => message)).toEqual(['waits'])
  })

  it('obeys the rate when what waited is sent after a reconnect', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 2, clock })
    const line = await openOn(clock, [limit])
    line.socket.ends(1006)
    await clock.advance(0)
    for (let n = 0; n < 10; n += 1) line.session.send(`${n}`)
    await clock.advance(5_000)
    line.socket.opens()
    await clock.advance(0)
    expect(line.socket.sent).toEqual(['0', '1'])
    await clock.advance(400)
    expect(line.socket.sent).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  it('resolves ready() as often as there are tokens, and close() does not wait for one when all is sent', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 1, clock })
    const { session, socket } = await openOn(clock, [limit])
    let turns = 0
    const pump = async () => {
      while (turns < 30) {
        await session.ready()
        session.send(`${turns}`)
        turns += 1
      }
    }
    const pumped = pump()
    await clock.advance(1_000)
    expect(socket.sent.length).toBe(11)
    expect(session.queue.size).toBeLessThanOrEqual(1)
    await clock.advance(2_000)
    await pumped
    void session.close({ drainMs: 60_000 })
    await clock.advance(0)
    expect(socket.closedWith).toEqual([[1000, '']])
  })

  it('sends at the rate what still waits when close() drains, and then says goodbye', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 1, clock })
    const { session, socket } = await openOn(clock, [limit])
    for (let n = 0; n < 11; n += 1) session.send(`${n}`)
    void session.close({ drainMs: 60_000 })
    await clock.advance(999)
    expect([socket.sent.length, socket.closedWith.length]).toEqual([10, 0])
    await clock.advance(1)
    expect([socket.sent.length, socket.closedWith.length]).toEqual([11, 1])
  })

  it('counts what onConnected sends, and does not hold it up', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 10, burst: 2, clock })
    const { session, socket } = await openOn(clock, [limit], {
      onConnected: ({ send }) => {
        for (const message of ['a', 'b', 'c']) send(message)
      },
    })
    session.send('d')
    expect(socket.sent).toEqual(['a', 'b', 'c'])
    expect(limit.tokens).toBe(-1)
    await clock.advance(200)
    expect(socket.sent).toEqual(['a', 'b', 'c', 'd'])
  })

  it('shares its tokens among sessions in turn, so that a busy one starves nobody', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 100, burst: 10, clock })
    const busy = await openOn(clock, [limit])
    const calm = await openOn(clock, [limit])
    const eager = async () => {
      for (let n = 0; n < 300; n += 1) {
        await calm.session.ready()
        calm.session.send(`${n}`)
      }
    }
    for (let n = 0; n < 900; n += 1) busy.session.send(`${n}`)
    // Rejected when the session ends with the test.
    eager().catch(() => {})
    await clock.advance(4_000)
    const [many, few] = [busy.socket.sent.length, calm.socket.sent.length]
    expect(many + few).toBeGreaterThanOrEqual(400)
    expect(many + few).toBeLessThanOrEqual(410)
    expect(few).toBeGreaterThan(100)
    expect(busy.socket.sent).toEqual(busy.socket.sent.map((_, n) => `${n}`))
  })

  it('lets nobody past those who wait, not even who comes when there is a token', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 1_000, burst: 40, clock })
    const [patient, pushing] = await Promise.all([openOn(clock, [limit]), openOn(clock, [limit])])
    for (let n = 0; n < 900; n += 1) patient.session.send(`${n}`)
    for (let ms = 0; ms < 1_000; ms += 1) {
      if (limit.tokens >= 1) pushing.session.send('me first')
      await clock.advance(1)
    }
    expect(patient.socket.sent.length).toBeGreaterThan(450)
  })

  it('two limits hold both rates, and neither blocks the other for good', async () => {
    const clock = new ManualClock()
    const shared = limited({ perSecond: 100, burst: 10, clock })
    const also = limited({ perSecond: 80, burst: 4, clock })
    const lines = await Promise.all([
      openOn(clock, [shared, also]),
      openOn(clock, [also, shared]),
      openOn(clock, [shared]),
    ])
    for (const { session } of lines) for (let n = 0; n < 500; n += 1) session.send(`${n}`)
    await clock.advance(5_000)
    const counts = lines.map(({ socket }) => socket.sent.length)
    const total = counts.reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThanOrEqual(495)
    expect(total).toBeLessThanOrEqual(510)
    expect(Math.min(...counts)).toBeGreaterThan(50)
  })

  it('slows down when told, for as long as told, and then recovers by equal steps', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 100, burst: 2, clock })
    const { session, socket } = await openOn(clock, [limit], { queue: { maxMessages: 10_000 } })
    for (let n = 0; n < 3_000; n += 1) session.send(`${n}`)
    const perSecond = async () => {
      const before = socket.sent.length
      await clock.advance(1_000)
      return socket.sent.length - before
    }
    expect(await perSecond()).toBe(100)
    limit.slowDown({ perSecond: 70, forMs: 2_000 })
    expect(limit.perSecond).toBeCloseTo(70)
    const seen = []
    for (let second = 0; second < 6; second += 1) seen.push(await perSecond())
    expect(seen.map((count) => Math.round(count / 5) * 5)).toEqual([70, 70, 80, 90, 100, 100])
    limit.slowDown({ perSecond: 0, forMs: 1_000 })
    expect(await perSecond()).toBeLessThanOrEqual(1)
    expect(limit.waiting).toBe(1)
  })

  it('halves its rate for 4429, once however many sessions hear it, and for nothing else', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 100, clock })
    const lines = await Promise.all([openOn(clock, [limit]), openOn(clock, [limit]), openOn(clock, [limit])])
    lines[0]?.socket.ends(1012)
    await clock.advance(0)
    expect(limit.perSecond).toBe(100)
    lines[1]?.socket.ends(4429)
    lines[2]?.socket.ends(4429)
    await clock.advance(0)
    expect(limit.perSecond).toBe(50)
    await clock.advance(60_000)
    expect(limit.perSecond).toBe(100)
  })

  it('asks heed instead, when it is given', async () => {
    const clock = new ManualClock()
    const limit = limited({
      perSecond: 100,
      clock,
      heed: (cause) => (cause.kind === 'server-close' ? { perSecond: 7, forMs: 1_000 } : undefined),
    })
    const line = await openOn(clock, [limit])
    line.socket.ends(1013)
    await clock.advance(0)
    expect(limit.perSecond).toBeCloseTo(7)
  })

  it('after dispose() what waited goes at once, nothing is held, and nothing is limited', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 1, burst: 1, clock })
    const { session, socket } = await openOn(clock, [limit], { backoff: { stableAfterMs: 0 } })
    for (let n = 0; n < 5; n += 1) session.send(`${n}`)
    expect(socket.sent).toHaveLength(1)
    limit[Symbol.dispose]()
    limit.dispose()
    expect(socket.sent).toHaveLength(5)
    session.send('more')
    expect(socket.sent).toHaveLength(6)
    await clock.advance(50)
    expect(clock.pending).toBe(0)
    expect(session.resources.listeners).toBe(0 + 8)
  })

  it('holds nothing for a session that has ended', async () => {
    const clock = new ManualClock()
    const limit = limited({ perSecond: 1, burst: 1, clock })
    const { session } = await openOn(clock, [limit])
    for (let n = 0; n < 5; n += 1) session.send(`${n}`)
    expect(limit.waiting).toBe(1)
    session.dispose()
    expect(limit.waiting).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('refuses numbers out of bounds and names them', () => {
    const wrong = (options: object) => () => void sendLimit(options as SendLimitOptions)
    expect(wrong({})).toThrow('sendLimit.perSecond: must be a number, got undefined')
    expect(wrong({ perSecond: 0 })).toThrow(RangeError)
    expect(wrong({ perSecond: 1, burst: 0 })).toThrow('sendLimit.burst: must be from 1 to Infinity, got 0')
    expect(wrong({ perSecond: 1, many: 0 })).toThrow('unknown option sendLimit.many')
    const clock = new ManualClock()
    const limit = limited({ perSecond: Infinity, clock })
    expect(() => limit.slowDown({ perSecond: 1 })).toThrow('slowDown.perSecond')
    expect(() => limit.slowDown({ forMs: 0 })).toThrow(RangeError)
  })
})

/** Lets every line that dials come through. */
async function letIn(lines: readonly Line[], clock: ManualClock): Promise<void> {
  for (const { session, socket } of lines) {
    if (session.state.name === 'connecting' && socket.readyState === 0) socket.opens()
  }
  await clock.advance(0)
}

describe('for every rate, burst and pattern of sends and breaks', () => {
  const pattern = fc.array(
    fc.record({
      messages: fc.nat({ max: 40 }),
      pauseMs: fc.nat({ max: 700 }),
      which: fc.nat({ max: 2 }),
      breaks: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  const shape = fc.record({
    perSecond: fc.integer({ min: 1, max: 200 }),
    burst: fc.integer({ min: 1, max: 30 }),
  })

  it('no stretch of time carries more than burst + rate × time, order holds, and all goes once', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(shape, pattern, async ({ perSecond, burst }, steps) => {
        const clock = new ManualClock()
        const limit = sendLimit({ perSecond, burst, clock })
        const lines = await Promise.all([0, 1, 2].map(() => openOn(clock, [limit])))
        const sentAtMs: number[] = []
        const sent: unknown[][] = lines.map(() => [])
        for (const [at, { session }] of lines.entries()) {
          session.on('sent', (message) => {
            sentAtMs.push(clock.monotonicMs())
            sent[at]?.push(message)
          })
        }
        const given: unknown[][] = lines.map(() => [])
        let count = 0
        for (const { messages, pauseMs, which, breaks } of steps) {
          for (let n = 0; n < messages; n += 1) {
            count += 1
            lines[which]?.session.send(`${count}`)
            given[which]?.push(`${count}`)
          }
          if (breaks) lines[which]?.socket.ends(1006)
          await clock.advance(pauseMs)
          await letIn(lines, clock)
        }
        await clock.advance(2_000)
        await letIn(lines, clock)
        await clock.advance((count / perSecond) * 1_050 + 2_000)
        expect(sent).toEqual(given)
        for (const [first, fromMs] of sentAtMs.entries()) {
          for (let last = first; last < sentAtMs.length; last += 7) {
            const tookMs = (sentAtMs[last] ?? 0) - fromMs
            expect(last - first + 1).toBeLessThanOrEqual(burst + (perSecond * tookMs) / 1_000 + 1e-6)
          }
        }
        for (const { session } of lines) session.dispose()
        limit.dispose()
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 40 },
    )
  })
})

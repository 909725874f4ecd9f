import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connect } from '../src/index.ts'
import { sendLimit, type SendLimitOptions } from '../src/rate/index.ts'
import { batch, resume, type ResumeOptions } from '../src/resume/index.ts'
import { fakeServer, ManualClock, type ServerSocket } from '../src/testing/index.ts'
import { endWithTest } from './end-with-test.ts'

// A limit over resume mode, against a server that is written out frame by frame.

const DLE = '\u0010'

function welcome(members: Record<string, unknown>): string {
  const standard = { v: 1, sid: 'session-1', tok: 'token', max: 1_000, win: [1_000, 100_000], ping: 20_000 }
  return `${DLE}W${JSON.stringify({ ...standard, idle: 60_000, ttl: 300_000, spread: 0, ...members })}`
}

/** The messages, also those that share a frame. */
const payloads = ({ received }: Pick<ServerSocket, 'received'>) =>
  received.map(String).flatMap((frame) => {
    if (!frame.startsWith(DLE)) return frame
    return frame[1] === 'M' ? split(frame.slice(2)) : []
  })

function split(body: string): string[] {
  let at = body.indexOf(';') + 1
  const lengths = body
    .slice(0, at - 1)
    .split(',')
    .map(Number)
  return lengths.map((length) => body.slice(at, (at += length)))
}

/** The control frames, HELLO left out. */
const controls = ({ received }: Pick<ServerSocket, 'received'>) =>
  received.map(String).filter((frame) => frame.startsWith(DLE) && !'HM'.includes(frame.charAt(1)))

/** How many messages had gone before each count: by the count, of all connections, and in truth, on this one. */
const told = (socket: ServerSocket) => controls(socket).map((frame) => Number(frame.split(',')[1]))
const went = (socket: ServerSocket) =>
  socket.received.flatMap((frame, at) =>
    controls({ received: [frame] }).map(() => payloads({ received: socket.received.slice(0, at) }).length),
  )

interface Changes extends Partial<ResumeOptions> {
  readonly second?: SendLimitOptions
}

function open(windowMessages: number, { second, ...options }: Changes = {}) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const limit = endWithTest(sendLimit({ perSecond: 10, burst: 4, clock }))
  const others = second ? [endWithTest(sendLimit({ ...second, clock }))] : []
  const session = endWithTest(
    connect('ws://server.test', {
      resume: resume(options),
      plugs: [limit, ...others].map(({ plug }) => plug),
      clock,
      createSocket: server.createSocket,
      random: () => 0.5,
      heartbeat: false,
    }),
  )
  const greet = async (members: Record<string, unknown>) => {
    await clock.advance(1)
    server.last.send(welcome({ win: [windowMessages, 100_000], ...members }))
    await clock.advance(1)
    return server.last
  }
  return { clock, server, limit, session, greet }
}

it('holds the rate, keeps order, and settles receipts with the acknowledgement', async () => {
  const { clock, session, greet } = open(1_000)
  const socket = await greet({ res: false, rx: 0, ack: 0 })
  const receipts = Array.from({ length: 20 }, (_, n) => session.send(`${n}`))
  await clock.advance(1)
  expect(payloads(socket)).toHaveLength(4)
  await clock.advance(1_000)
  expect(payloads(socket)).toHaveLength(14)
  await clock.advance(1_000)
  expect(payloads(socket)).toEqual(receipts.map((_, n) => `${n}`))
  expect(receipts.map(({ status }) => status)).toEqual(receipts.map(() => 'written'))
  socket.send(`${DLE}A20,0`)
  await clock.advance(1)
  expect(receipts.map(({ status }) => status)).toEqual(receipts.map(() => 'acked'))
})

it('goes on at the rate when the window opens that was shut', async () => {
  const { clock, session, greet } = open(2)
  const socket = await greet({ res: false, rx: 0, ack: 0 })
  for (let n = 0; n < 12; n += 1) session.send(`${n}`)
  await clock.advance(2_000)
  expect(payloads(socket)).toEqual(['0', '1'])
  for (let acked = 1; acked <= 12; acked += 1) {
    socket.send(`${DLE}A${Math.min(acked, payloads(socket).length)},0`)
    await clock.advance(200)
  }
  expect(payloads(socket)).toEqual(Array.from({ length: 12 }, (_, n) => `${n}`))
})

describe('what is sent again after a break', () => {
  /** Twenty messages on a connection that breaks, of which the server has these; then the bucket is full again. */
  async function broken(received: number, options: Parameters<typeof open>[1] = {}) {
    const world = open(1_000, options)
    const socket = await world.greet({ res: false, rx: 0, ack: 0, ext: ['batch'] })
    for (let n = 0; n < 20; n += 1) world.session.send(`${n}`)
    await world.clock.advance(3_000)
    socket.cut()
    await world.clock.advance(1)
    world.session.send('new')
    await world.clock.advance(5_000)
    const resumed = { res: true, rx: received, ack: received, tok: 'token-2', ext: ['batch'] }
    return { ...world, again: await world.greet(resumed) }
  }

  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${n + from}`)

  it('obeys the limit, in order, and what is new comes behind it', async () => {
    const { clock, session, again } = await broken(5)
    expect(payloads(again)).toEqual(numbers(5, 9))
    await clock.advance(390)
    expect(payloads(again)).toEqual(numbers(5, 12))
    expect(session.queue.size).toBe(1)
    await clock.advance(600)
    expect(payloads(again)).toEqual(numbers(5, 18))
    await clock.advance(300)
    expect(payloads(again)).toEqual([...numbers(5, 20), 'new'])
  })

  it('leaves control frames free, and they count what really went', async () => {
    const { clock, again } = await broken(0)
    again.send(`${DLE}P0,0,7`)
    await clock.advance(1)
    expect(again.received.at(-1)).toBe(`${DLE}Q0,4,7`)
    again.send('from the server')
    await clock.advance(350)
    expect(payloads(again)).toHaveLength(7)
    expect(controls(again).at(-1)).toBe(`${DLE}A1,6`)
    await clock.advance(3_000)
    again.send(`${DLE}P0,1,8`)
    await clock.advance(1)
    expect(again.received.at(-1)).toBe(`${DLE}Q1,21,8`)
  })

  it('is slowed down when the server says so', async () => {
    const { clock, limit, again } = await broken(0)
    limit.slowDown({ perSecond: 1, forMs: 3_000 })
    await clock.advance(2_900)
    expect(payloads(again)).toEqual(numbers(0, 6))
    await clock.advance(100)
    expect(payloads(again)).toEqual(numbers(0, 7))
  })

  it('goes at once when the limit is disposed', async () => {
    const { clock, limit, again } = await broken(0)
    limit.dispose()
    await clock.advance(1)
    expect(payloads(again)).toEqual([...numbers(0, 20), 'new'])
  })

  it('is taken apart when it comes in common frames', async () => {
    const { clock, again } = await broken(2, { batch: batch() })
    expect(payloads(again)).toEqual(numbers(2, 6))
    await clock.advance(3_000)
    expect(payloads(again)).toEqual([...numbers(2, 20), 'new'])
  })

  it('obeys every limit of several', async () => {
    const { clock, again } = await broken(0, { second: { perSecond: 100, burst: 2 } })
    expect(payloads(again)).toEqual(numbers(0, 2))
    await clock.advance(20)
    expect(payloads(again)).toEqual(numbers(0, 4))
    await clock.advance(500)
    expect(payloads(again)).toEqual(numbers(0, 9))
  })

  it('goes no further when the connection breaks again, and begins anew on the next', async () => {
    const { clock, session, again, limit, greet } = await broken(0)
    await clock.advance(100)
    again.cut()
    await clock.advance(5_000)
    expect(payloads(again)).toEqual(numbers(0, 5))
    expect(limit.waiting).toBe(0)
    const third = await greet({ res: true, rx: 3, ack: 3, tok: 'token-3' })
    await clock.advance(3_000)
    expect(payloads(third)).toEqual([...numbers(3, 20), 'new'])
    third.send(`${DLE}A21,0`)
    await clock.advance(1)
    await expect(session.flushed()).resolves.toBeUndefined()
  })

  it('is waited for by a close that drains, and by nobody once it is over', async () => {
    const { clock, session, again } = await broken(0)
    const closed = session.close({ drainMs: 10_000 })
    await clock.advance(1_000)
    expect(controls(again)).toEqual([`${DLE}A0,0`])
    await clock.advance(3_000)
    expect(payloads(again)).toEqual([...numbers(0, 20), 'new'])
    expect(controls(again).at(-1)).toMatch(/B\{/)
    await clock.advance(10_000)
    await closed
    expect(clock.pending).toBe(0)
  })

  it('is left out when the session says goodbye before its turn', async () => {
    const { clock, session, again } = await broken(0)
    void session.close()
    await clock.advance(1)
    expect(again.received.at(-1)).toMatch(/B\{/)
    again.send(`${DLE}B{"code":1000,"ack":4,"rx":4}`)
    await clock.advance(1_000)
    const { handBack } = await session.closed
    expect(payloads(again)).toEqual(numbers(0, 4))
    expect(handBack.undelivered.map(({ message }) => message)).toEqual([...numbers(4, 20), 'new'])
    expect(handBack.uncertain).toEqual([])
  })

  it('is limited as well when it goes to a new session at the server', async () => {
    const { clock, session, server, greet } = open(1_000, { carryOver: true })
    await greet({ res: false, rx: 0, ack: 0 })
    for (let n = 0; n < 20; n += 1) session.send(`${n}`)
    await clock.advance(3_000)
    server.last.cut()
    await clock.advance(5_000)
    const again = await greet({
      sid: 'session-2',
      res: false,
      lost: 'expired',
      lrx: 2,
      lack: 2,
      rx: 0,
      ack: 0,
    })
    expect(payloads(again)).toEqual(numbers(2, 6))
    await clock.advance(3_000)
    expect(payloads(again)).toEqual(numbers(2, 20))
  })
})

it('whatever breaks when, the rate holds in every window, and all arrive once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ send: fc.nat(15), waitMs: fc.nat(3_000), lose: fc.nat(5) }), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.boolean(),
      async (steps, common) => {
        const { clock, session, greet, server } = open(
          1_000,
          common ? { batch: batch({ lingerMs: 20 }) } : {},
        )
        const taken: string[] = []
        const times: number[] = []
        let sent = 0
        let counted = 0
        for (const [n, { send, waitMs, lose }] of steps.entries()) {
          while (server.dials === n) await clock.advance(1_000)
          const res = n > 0
          const socket = await greet({
            res,
            rx: taken.length,
            ack: taken.length,
            tok: `t${n}`,
            ext: ['batch'],
          })
          for (let k = 0; k < send; k += 1) session.send(`${(sent += 1)}`)
          socket.send('asks for an acknowledgement')
          for (let ms = 0; ms < waitMs; ms += 10) {
            await clock.advance(10)
            const count = payloads(socket).length
            for (; counted < count; counted += 1) times.push(clock.monotonicMs())
          }
          expect(told(socket)).toEqual(went(socket).map((count) => taken.length + count))
          const here = payloads(socket)
          taken.push(...here.slice(0, Math.max(0, here.length - lose)))
          socket.cut()
          counted = 0
          await clock.advance(1)
        }
        expect(taken).toEqual(taken.map((_, n) => `${n + 1}`))
        expect(server.sockets).toHaveLength(steps.length)
        for (let from = 0; from < times.length; from += 1) {
          for (let to = from; to < times.length; to += 1) {
            const windowMs = (times[to] ?? 0) - (times[from] ?? 0) + 20
            expect(to - from + 1).toBeLessThanOrEqual(4 + windowMs / 100 + 1e-6)
          }
        }
        session.dispose()
      },
    ),
    { numRuns: 40 },
  )
})

import { expect, it } from 'vitest'
import { connect } from '../src/index.ts'
import { sendLimit } from '../src/rate/index.ts'
import { resume } from '../src/resume/index.ts'
import { fakeServer, ManualClock, type ServerSocket } from '../src/testing/index.ts'
import { endWithTest } from './end-with-test.ts'

// A limit over resume mode, against a server that is written out frame by frame.

const DLE = '\u0010'

function welcome(members: Record<string, unknown>): string {
  const standard = { v: 1, sid: 'session-1', tok: 'token', max: 1_000, win: [1_000, 100_000], ping: 20_000 }
  return `${DLE}W${JSON.stringify({ ...standard, idle: 60_000, ttl: 300_000, spread: 0, ...members })}`
}

const payloads = ({ received }: ServerSocket) =>
  received.filter((frame) => !String(frame).startsWith(DLE)).map(String)

function open(windowMessages: number) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const limit = endWithTest(sendLimit({ perSecond: 10, burst: 4, clock }))
  const session = endWithTest(
    connect('ws://server.test', {
      resume: resume(),
      plugs: [limit.plug],
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

it('what is sent again after a break is paid for before anything new goes', async () => {
  const { clock, session, server, limit, greet } = open(1_000)
  const socket = await greet({ res: false, rx: 0, ack: 0 })
  for (let n = 0; n < 10; n += 1) session.send(`${n}`)
  await clock.advance(1_000)
  expect(payloads(socket)).toHaveLength(10)
  socket.send(`${DLE}A3,0`)
  await clock.advance(1_000)
  socket.cut()
  await clock.advance(1)
  session.send('new')
  await clock.advance(5_000)
  const again = await greet({ res: true, rx: 3, ack: 3, tok: 'token-2' })
  expect(server.sockets).toHaveLength(2)
  expect(payloads(again)).toEqual(['3', '4', '5', '6', '7', '8', '9'])
  expect(Math.round(limit.tokens)).toBe(-3)
  await clock.advance(390)
  expect(payloads(again)).toHaveLength(7)
  await clock.advance(20)
  expect(payloads(again).at(-1)).toBe('new')
})

import { afterEach, describe, expect, it } from 'vitest'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { type ResumeOptions, resume } from '../src/resume/index.ts'
import { fakeServer, ManualClock, type ServerSocket } from '../src/testing/index.ts'
import { DLE, helloOn, welcome } from './resume-frames.ts'

// The client end of `holdfast.v1` in virtual time, against a server that is written out frame by frame.

const sessions: Session[] = []

afterEach(async () => {
  for (const session of sessions.splice(0)) session.dispose()
})

function open(options: SessionOptions = {}, plug: Partial<ResumeOptions> = {}) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const session = connect('ws://server.test', {
    resume: resume(plug),
    clock,
    createSocket: server.createSocket,
    random: () => 0.5,
    heartbeat: false,
    ...options,
  })
  sessions.push(session)
  const told: string[] = []
  session.on('resumed', () => told.push('resumed'))
  session.on('gap', ({ reason }) => told.push(`gap ${reason}`))
  session.on('message', (message) => told.push(`message ${message as string}`))
  return { clock, server, session, told }
}

async function welcomed(
  world: ReturnType<typeof open>,
  members?: Record<string, unknown>,
): Promise<ServerSocket> {
  await world.clock.advance(1)
  const socket = world.server.last
  socket.send(welcome(members))
  await world.clock.advance(1)
  return socket
}

describe('a session with resume()', () => {
  it('offers holdfast.v1, carries credentials and subprotocols in HELLO, and is open after WELCOME', async () => {
    const world = open({ credentials: () => 'secret' }, { protocols: ['chat'] })
    await world.clock.advance(1)
    expect(world.server.last.protocols).toEqual(['holdfast.v1'])
    expect(helloOn(world.server.last)).toMatchObject({ sid: null, auth: 'secret', proto: ['chat'] })
    expect(world.session.state.name).toBe('connecting')
    await welcomed(world, { proto: 'chat' })
    expect(world.session.state).toMatchObject({ name: 'open', resumed: 'first', protocol: 'chat' })
  })

  it('fails the attempt when no WELCOME comes in time', async () => {
    const world = open()
    await world.clock.advance(10_001)
    expect(world.session.state).toMatchObject({ name: 'waiting', cause: { kind: 'timeout', phase: 'dial' } })
  })

  it('says resumed before the first message, and sends again what was not acknowledged', async () => {
    const world = open()
    await welcomed(world)
    world.session.send('one')
    const two = world.session.send('two')
    await world.clock.advance(1)
    world.server.last.cut()
    await world.clock.advance(5_000)
    const socket = world.server.last
    expect(helloOn(socket)).toMatchObject({ sid: 'session-1', att: 2 })
    socket.send(welcome({ res: true, rx: 1, ack: 1, tok: 'token-2' }))
    socket.send('hello again')
    await world.clock.advance(1)
    expect(socket.received.filter((frame) => !(frame as string).startsWith(DLE))).toEqual(['two'])
    expect(world.told).toEqual(['resumed', 'message hello again'])
    expect(world.session.state).toMatchObject({ name: 'open', resumed: true })
    expect(two.status).toBe('written')
    socket.send(`${DLE}A2,1`)
    await world.clock.advance(1)
    expect(two.status).toBe('acked')
  })

  it('says gap with the fate of each message, and carries over what certainly did not arrive when asked', async () => {
    const world = open({}, { carryOver: true })
    await welcomed(world)
    const receipts = ['one', 'two', 'three'].map((message) => world.session.send(message))
    await world.clock.advance(1)
    world.server.last.cut()
    await world.clock.advance(5_000)
    world.server.last.send(welcome({ lost: 'expired', sid: 'session-2', lack: 1, lrx: 2 }))
    await world.clock.advance(1)
    expect(world.told).toEqual(['gap expired'])
    expect(receipts.map(({ status }) => status)).toEqual(['acked', 'uncertain', 'written'])
    expect(world.server.last.received.at(-1)).toBe('three')
    expect(world.session.state).toMatchObject({ name: 'open', resumed: false })
  })

  it('runs onConnected again on a session that goes on, until it has succeeded there once', async () => {
    let asked = 0
    const world = open({
      onConnected() {
        asked += 1
        if (asked === 1) throw new Error('not yet')
      },
    })
    world.session.on('error', () => {})
    await welcomed(world)
    expect(world.session.state).toMatchObject({ name: 'waiting', cause: { kind: 'failed', phase: 'hello' } })
    for (const [token, times] of [
      ['token-2', 2],
      ['token-3', 2],
    ] as const) {
      await world.clock.advance(5_000)
      world.server.last.send(welcome({ res: true, tok: token }))
      await world.clock.advance(1)
      expect([world.session.state.name, asked]).toEqual(['open', times])
      world.server.last.cut()
      await world.clock.advance(1)
    }
  })

  it('ends with 4409 when another client took the session over, and dials no more', async () => {
    const world = open()
    const socket = await welcomed(world)
    socket.send(`${DLE}E${JSON.stringify({ code: 4409 })}`)
    await world.clock.advance(3_600_000)
    expect((await world.session.closed).cause).toMatchObject({ kind: 'server-close', code: 4409 })
    expect(world.server.dials).toBe(1)
  })

  it('obeys the hint of an ERROR, jittered', async () => {
    const world = open()
    await world.clock.advance(1)
    world.server.last.send(`${DLE}E${JSON.stringify({ code: 4429, retry: 8_000 })}`)
    await world.clock.advance(1)
    expect(world.session.state).toMatchObject({ name: 'waiting', delayMs: 10_000, cause: { code: 4429 } })
  })

  it('comes back on another connection when the server says GOAWAY', async () => {
    const world = open()
    const socket = await welcomed(world)
    socket.send(`${DLE}G${JSON.stringify({ after: 1_000, spread: 4_000 })}`)
    await world.clock.advance(999)
    expect(world.session.state.name).toBe('open')
    // Half of the spread: until then it is connected.
    await world.clock.advance(1_990)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(110)
    expect(world.server.dials).toBe(2)
  })

  it('holds one timer however often the server says GOAWAY, and none for a connection that is gone', async () => {
    const world = open()
    const socket = await welcomed(world)
    const before = world.session.resources.timers
    for (let n = 0; n < 50; n += 1) socket.send(`${DLE}G{"after":60000,"spread":0}`)
    await world.clock.advance(1)
    expect(world.session.resources.timers).toBe(before + 1)
    world.session.pause()
    expect(world.session.resources.timers).toBe(0)
  })

  it('stays for a second on a connection whose server says GOAWAY at once, each time', async () => {
    const world = open()
    for (let turn = 0; turn < 20; turn += 1) {
      await world.clock.advance(500)
      const { last } = world.server
      if (last.received.length === 1) {
        last.send(welcome(helloOn(last).sid === null ? {} : { res: true }))
        last.send(`${DLE}G{"after":0,"spread":0}`)
      }
    }
    expect(world.server.dials).toBeGreaterThan(5)
    expect(world.server.dials).toBeLessThan(12)
  })

  it('goes on with a gap when the two ends do not agree', async () => {
    const world = open()
    const socket = await welcomed(world)
    socket.send(`${DLE}A0,7`)
    await world.clock.advance(1)
    expect(world.session.state.name).toBe('waiting')
    await world.clock.advance(5_000)
    world.server.last.send(welcome({ sid: 'session-2' }))
    await world.clock.advance(1)
    expect(world.told).toEqual(['gap desync'])
  })

  it('comes back to a new session, with a gap, when the server ended the one it had', async () => {
    const world = open()
    const first = await welcomed(world)
    first.send(`${DLE}E{"code":4410,"end":true,"lost":"overflow","lack":0,"lrx":0}`)
    first.close(4410, 'too much is waiting')
    await world.clock.advance(5_000)
    expect(world.session.state.name).not.toBe('closed')
    expect(helloOn(world.server.last).sid).toBe(null)
    await welcomed(world, { sid: 'session-2' })
    expect(world.told).toEqual(['gap overflow'])
  })

  it('renews credentials on a living connection before they expire', async () => {
    let asked = 0
    const world = open({ credentials: () => `secret ${(asked += 1)}` })
    const socket = await welcomed(world, { ext: ['auth'], exp: 10_000 })
    await world.clock.advance(8_001)
    expect(asked).toBe(2)
    expect(socket.received.some((frame) => (frame as string).includes('secret 2'))).toBe(true)
  })

  it('settles and hands back everything at dispose, and holds nothing', async () => {
    const world = open()
    await welcomed(world)
    const sent = world.session.send('sent')
    await world.clock.advance(1)
    world.server.last.cut()
    await world.clock.advance(1)
    const queued = world.session.send('queued')
    world.session.dispose()
    const { handBack } = await world.session.closed
    expect(handBack.uncertain.map(({ message }) => message)).toEqual(['sent'])
    expect(handBack.undelivered.map(({ message }) => message)).toEqual(['queued'])
    expect([sent.status, queued.status]).toEqual(['uncertain', 'undelivered'])
    expect(world.session.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  })
})

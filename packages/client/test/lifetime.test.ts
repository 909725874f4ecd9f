import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { connect, type SessionOptions } from '../src/index.ts'
import { type LifetimeOptions, limitLifetime, wakeOnSend } from '../src/lifetime/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { nothingHeld, openedWorld, openWorld, stateOf, type World } from './world.ts'

/** Sets limits in the time of a world, with every draw 0.5. */
const limit = ({ session, clock }: World, options: LifetimeOptions) =>
  limitLifetime(session, { clock, random: () => 0.5, ...options })

const open = (options: Parameters<typeof openedWorld>[0] = {}) =>
  openedWorld({ heartbeat: false, backoff: { stableAfterMs: 0 }, ...options })

describe('idleTimeoutMs', () => {
  it('pauses a session without traffic, and says for how long there was none', async () => {
    const world = await open()
    const limits = limit(world, { idleTimeoutMs: 60_000 })
    await world.clock.advance(59_999)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(1)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'idle', idleMs: 60_000 })
    expect(limits.counts).toEqual({ idle: 1, connection: 0, session: 0 })
    await world.clock.advance(3_600_000)
    expect([world.server.dials, world.clock.pending]).toEqual([1, 0])
  })

  it.each([
    ['what is sent', (world: World) => void world.session.send('x')],
    ['what arrives', (world: World) => world.server.last.send('x')],
  ])('counts from %s', async (_, happen) => {
    const world = await open()
    limit(world, { idleTimeoutMs: 1_000 })
    for (let n = 0; n < 5; n += 1) {
      await world.clock.advance(900)
      happen(world)
    }
    await world.clock.advance(999)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(1)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'idle', idleMs: 1_000 })
  })

  it('does not count pings and their answers', async () => {
    const world = await open({
      heartbeat: { intervalMs: 300, ping: () => 'ping', isPong: (message) => message === 'pong' },
    })
    world.server.last.onMessage(() => world.server.last.send('pong'))
    limit(world, { idleTimeoutMs: 1_000 })
    await world.clock.advance(1_000)
    expect(stateOf(world, 'idle').cause.kind).toBe('idle')
    expect(world.server.last.received.length).toBeGreaterThan(1)
  })

  it('leaves a busy connection be, and asks again when it may be free', async () => {
    const world = await open()
    let work = 1
    limit(world, { idleTimeoutMs: 1_000, busy: () => work > 0 })
    await world.clock.advance(10_500)
    expect(world.session.state.name).toBe('open')
    work = 0
    await world.clock.advance(1_000)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'idle', idleMs: 11_000 })
  })

  it('that comes late lets what has arrived be read first', async () => {
    const world = await open()
    limit(world, { idleTimeoutMs: 1_000 })
    world.clock.jump(60_000)
    world.server.last.send('was there all the time')
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
  })

  it('begins anew with each connection', async () => {
    const world = await open()
    limit(world, { idleTimeoutMs: 5_000 })
    await world.clock.advance(4_000)
    world.session.reconnect()
    await world.clock.advance(4_000)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(1_000)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'idle', idleMs: 5_000 })
  })

  it('leaves be what has more to send than the network takes', async () => {
    const clock = new ManualClock()
    const server = fakeServer({ clock })
    let socket: { bufferedAmount: number } | undefined
    const world = await open({
      clock,
      createSocket: (...how) => {
        const made = server.createSocket(...how)
        socket = made as unknown as { bufferedAmount: number }
        return made
      },
      queue: { highWaterBytes: 1, lowWaterBytes: 0 },
    })
    limit(world, { idleTimeoutMs: 1_000 })
    if (socket) socket.bufferedAmount = 5
    world.session.send('waits')
    await world.clock.advance(5_000)
    expect(world.session.state.name).toBe('open')
    if (socket) socket.bufferedAmount = 0
    await world.clock.advance(2_000)
    expect([world.session.state.name, server.last.received]).toEqual(['idle', ['waits']])
  })

  it('counts a busy that throws as free, and shows the error', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const world = await open()
    limit(world, {
      idleTimeoutMs: 1_000,
      busy() {
        throw new Error('broken')
      },
    })
    await world.clock.advance(1_000)
    expect(world.session.state.name).toBe('idle')
    expect(reported).toMatchObject([{ message: 'broken' }])
  })
})

describe('wakeOnSend', () => {
  it('connects what was idle as soon as something is to be sent, and sends it', async () => {
    const world = await open({ plugs: [wakeOnSend()] })
    limit(world, { idleTimeoutMs: 1_000 })
    await world.clock.advance(1_000)
    const receipt = world.session.send('again')
    await world.clock.advance(0)
    expect([receipt.status, world.session.state.name, world.server.last.received]).toEqual([
      'written',
      'open',
      ['again'],
    ])
  })

  it.each([
    ['what the user paused', (world: World) => world.session.pause('mine'), undefined],
    ['a message that is not to wait', () => {}, { whenOffline: 'drop' as const }],
  ])('leaves it at that for %s', async (_, happen, options) => {
    const world = await open({ plugs: [wakeOnSend()] })
    limit(world, { idleTimeoutMs: 1_000 })
    await world.clock.advance(1_000)
    happen(world)
    world.session.send('x', options)
    await world.clock.advance(60_000)
    expect([world.session.state.name, world.server.dials]).toEqual(['idle', 1])
  })

  it('changes nothing else: everything a session does with its way out works through it', async () => {
    const world = await open({ plugs: [wakeOnSend()], queue: { highWaterBytes: 1, lowWaterBytes: 0 } })
    await world.session.ready()
    world.session.send('one')
    await world.session.flushed()
    const [frozen] = world.server.sockets
    world.session.pause()
    world.session.send('two')
    expect(world.session.queue.size).toBe(1)
    world.session.reconnect()
    await world.clock.advance(10)
    const end = world.session.close({ drainMs: 100 })
    await world.clock.advance(200)
    expect((await end).handBack.undelivered).toEqual([])
    expect([frozen?.received, world.server.last.received]).toEqual([['one'], ['two']])
  })
})

describe('maxConnectionMs', () => {
  it('replaces a connection at its age, less the jitter, again and again', async () => {
    const world = await open()
    const limits = limit(world, { maxConnectionMs: 100_000, jitter: 0.2 })
    await world.clock.advance(89_999)
    expect(world.server.dials).toBe(1)
    await world.clock.advance(1)
    expect([world.server.dials, world.session.state.name]).toEqual([2, 'open'])
    expect(world.changes.map(({ state }) => ('cause' in state ? state.cause : undefined))).toContainEqual({
      kind: 'max-lifetime',
      ageMs: 90_000,
    })
    await world.clock.advance(900_000)
    expect([world.server.dials, limits.counts.connection]).toEqual([12, 11])
  })

  it('spreads connections that began together', async () => {
    const clock = new ManualClock()
    const server = fakeServer({ clock })
    const options: SessionOptions = { clock, createSocket: server.createSocket, heartbeat: false }
    const sessions = Array.from({ length: 200 }, () => connect('ws://server.test/', options))
    const dials: number[] = []
    for (const session of sessions) limitLifetime(session, { clock, maxConnectionMs: 60_000 })
    for (let second = 0; second < 61; second += 1) {
      const before = server.dials
      await clock.advance(1_000)
      if (second > 0) dials.push(server.dials - before)
    }
    expect(dials.slice(0, 52)).toEqual(Array.from({ length: 52 }, () => 0))
    expect(dials.reduce((sum, n) => sum + n, 0)).toBe(200)
    expect(Math.max(...dials)).toBeLessThan(75)
    for (const session of sessions) session.dispose()
  })

  it('waits for a busy connection to be free, at most graceMs', async () => {
    const world = await open()
    let work = 1
    limit(world, { maxConnectionMs: 10_000, jitter: 0, graceMs: 5_000, busy: () => work > 0 })
    await world.clock.advance(12_000)
    expect(world.server.dials).toBe(1)
    work = 0
    await world.clock.advance(1_000)
    expect(world.server.dials).toBe(2)
    work = 1
    await world.clock.advance(14_999)
    expect(world.server.dials).toBe(2)
    await world.clock.advance(1)
    expect(world.server.dials).toBe(3)
  })

  it('counts from the opening of a connection that was open before', async () => {
    const world = await open()
    await world.clock.advance(9_000)
    limit(world, { maxConnectionMs: 10_000, jitter: 0 })
    await world.clock.advance(1_000)
    expect(world.server.dials).toBe(2)
  })
})

describe('maxSessionMs', () => {
  it('closes the session, which tells why', async () => {
    const world = await open()
    const limits = limit(world, { maxSessionMs: 30_000 })
    await world.clock.advance(30_100)
    expect((await world.session.closed).cause).toEqual({
      kind: 'closed',
      code: 1000,
      reason: 'max-lifetime',
    })
    expect(limits.counts.session).toBe(1)
    expect(world.server.last.closed).toEqual({ code: 1000, reason: 'max-lifetime' })
  })
})

describe('limits', () => {
  it('hold nothing once taken off, or once the session is over', async () => {
    const world = await open()
    const before = world.session.resources
    const limits = limit(world, { idleTimeoutMs: 10, maxConnectionMs: 10, maxSessionMs: 10 })
    expect(world.clock.pending).toBe(3)
    limits.dispose()
    limits.dispose()
    expect([world.clock.pending, world.session.resources]).toEqual([0, before])
    await world.clock.advance(1_000)
    expect(world.session.state.name).toBe('open')
    limit(world, { idleTimeoutMs: 10_000, maxConnectionMs: 10_000, maxSessionMs: 10_000 })
    world.session.dispose()
    await world.clock.advance(0)
    expect([world.clock.pending, world.session.resources]).toEqual([0, nothingHeld])
    limit(world, { idleTimeoutMs: 10, maxSessionMs: 10 })
    expect(world.clock.pending).toBe(0)
  })

  it('hold whatever the traffic: an open session is never idle for longer, nor a connection older', async () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.constantFrom('send', 'get', 'cut', 'wait')),
      {
        maxLength: 40,
      },
    )
    const run = async (moves: [number, string][]) => {
      const world = openWorld({ heartbeat: false, plugs: [wakeOnSend()] })
      limit(world, { idleTimeoutMs: 2_000, maxConnectionMs: 5_000, jitter: 0.5 })
      let lastAt = world.clock.now()
      world.session.on('state', () => (lastAt = world.clock.now()))
      world.session.on('message', () => (lastAt = world.clock.now()))
      world.session.on('sent', () => (lastAt = world.clock.now()))
      for (const [ms, what] of moves) {
        for (let left = ms; left > 0; left -= 100) {
          await world.clock.advance(Math.min(100, left))
          const { state } = world.session
          if (state.name !== 'open') continue
          expect(world.clock.now() - lastAt).toBeLessThan(2_000)
          expect(world.clock.now() - state.since).toBeLessThan(5_000)
        }
        const open = world.session.state.name === 'open'
        if (what === 'send') world.session.send('x')
        else if (what === 'get' && open) world.server.last.send('y')
        else if (what === 'cut' && open) world.server.last.cut()
      }
      world.session.send('at last')
      await world.clock.advance(31_000)
      expect(world.session.queue.size).toBe(0)
      world.session.dispose()
    }
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: 60 })
  })

  it.each([
    [{ idleTimeoutMs: 0 }, /lifetime\.idleTimeoutMs: must be from 1 to Infinity, got 0/],
    [{ jitter: 2 }, /lifetime\.jitter: must be from 0 to 1, got 2/],
    [{ busy: true }, /lifetime\.busy: must be a function, got true/],
    [{ maxLifetimeMs: 5 }, /unknown option lifetime\.maxLifetimeMs/],
    [{ clock: {} }, /lifetime\.clock\.now: must be a function/],
  ])('refuse bad options: %j', (options, expected) => {
    expect(() => limitLifetime(openWorld().session, options as never)).toThrow(expected)
  })
})

import { describe, expect, it } from 'vitest'
import { breakerDefaults, circuitBreaker } from '../src/breaker/index.ts'
import { breakerWorld } from './breaker-world.ts'
import { endWithTest } from './end-with-test.ts'
import { nothingHeld } from './world.ts'

const quick = { minCalls: 3, windowCalls: 6, openMs: 10_000 }

describe('circuitBreaker()', () => {
  it('closed + enough failures -> open, and no session dials any more', async () => {
    const world = breakerWorld(quick)
    world.mood = 'down'
    const session = world.open()
    await world.clock.advance(1_000)
    expect(world.breaker.state).toMatchObject({ name: 'open', reason: 'failures' })
    expect(session.state).toMatchObject({
      name: 'waiting',
      cause: { kind: 'not-admitted', by: 'breaker-open' },
    })
    const other = world.open()
    await world.clock.advance(5_000)
    expect(other.state).toMatchObject({ name: 'waiting', attempt: 1, cause: { by: 'breaker-open' } })
    expect(world.server.dials).toBe(3)
  })

  it('open + its time is over -> half-open, with one probe; it succeeds -> closed, and all come back', async () => {
    const world = breakerWorld({ ...quick, earlyMs: 1_000 })
    world.mood = 'down'
    for (let n = 0; n < 10; n += 1) world.open()
    await world.clock.advance(2_000)
    expect(world.breaker.state.name).toBe('open')
    const before = world.server.dials
    world.mood = 'up'
    const seen: number[] = []
    world.breaker.on('state', ({ previous }) => {
      if (previous.name === 'half-open') seen.push(world.server.dials - before)
    })
    await world.clock.advance(20_000)
    expect(seen).toEqual([1])
    expect(world.told).toEqual(['open failures', 'under-way', 'closed'])
    expect(world.sessions.map(({ state }) => state.name)).toEqual(world.sessions.map(() => 'open'))
    expect(world.server.dials - before).toBe(10)
  })

  it('half-open + the probe fails -> open again', async () => {
    const world = breakerWorld(quick)
    world.mood = 'down'
    world.open()
    await world.clock.advance(30_000)
    expect(world.told.slice(0, 4)).toEqual(['open failures', 'under-way', 'open probe', 'under-way'])
    expect(world.server.dials).toBeLessThan(7)
  })

  it.each(['dispose', 'pause', 'reconnect'] as const)(
    'half-open + %s() of the session whose probe is under way -> the next one probes',
    async (way) => {
      const world = breakerWorld(quick)
      world.mood = 'down'
      const first = world.open()
      await world.clock.advance(2_000)
      world.mood = 'hang'
      await world.clock.advance(10_000)
      expect(world.breaker.state).toEqual({ name: 'half-open', probe: 'under-way' })
      const before = world.server.dials
      const other = world.open()
      await world.clock.advance(10)
      expect(world.server.dials).toBe(before)
      world.mood = 'up'
      first[way]()
      expect(world.breaker.state).toEqual({ name: 'half-open', probe: 'none' })
      await world.clock.advance(5_000)
      expect(world.breaker.state).toEqual({ name: 'closed' })
      expect(other.state.name).toBe('open')
    },
  )

  it('a connection that ends early is a failure, one that lasted is none', async () => {
    const early = breakerWorld(quick)
    early.mood = 'drop'
    early.open()
    await early.clock.advance(2_000)
    expect(early.breaker.state.name).toBe('open')
    const lasting = breakerWorld(quick)
    lasting.open()
    for (let n = 0; n < 8; n += 1) {
      await lasting.clock.advance(3_000)
      lasting.server.last.cut()
    }
    expect(lasting.breaker.state.name).toBe('closed')
    expect(lasting.breaker.tally).toEqual({ calls: 6, failures: 0, slow: 0 })
  })

  it('slow dials open it as well, and a slow probe opens it again', async () => {
    const world = breakerWorld({ ...quick, slowMs: 10, slowRate: 1, earlyMs: 0 })
    for (let n = 0; n < 3; n += 1) world.open()
    await world.clock.advance(100)
    expect(world.breaker.state).toMatchObject({ name: 'open', reason: 'slow' })
    world.sessions[0]?.reconnect()
    await world.clock.advance(20_000)
    expect(world.told).toContain('open probe')
  })

  it('what happens before the dial says nothing of the server', async () => {
    const world = breakerWorld({ ...quick, minCalls: 1 })
    const session = world.open({
      credentials: () => {
        throw new Error('no network of ours')
      },
      backoff: { baseMs: 100, capMs: 100, maxAttempts: 5 },
    })
    await world.clock.advance(5_000)
    expect(session.state).toMatchObject({ name: 'idle', cause: { kind: 'attempts-exhausted' } })
    expect(world.breaker.tally.calls).toBe(0)
  })

  it('forgets calls that are older than the window', async () => {
    const world = breakerWorld({ minCalls: 3, windowMs: 1_000 })
    world.mood = 'down'
    world.open({ backoff: { baseMs: 2_000, capMs: 2_000 } })
    await world.clock.advance(60_000)
    expect(world.breaker.state.name).toBe('closed')
    expect(world.breaker.tally.calls).toBeLessThanOrEqual(1)
  })

  it('trip() opens it for a given time or for good, reset() closes it and calls the sessions back', async () => {
    const world = breakerWorld({ ...quick, recoverWithinMs: 500 })
    world.breaker.trip({ forMs: Infinity })
    const session = world.open()
    await world.clock.advance(3_600_000)
    expect(world.server.dials).toBe(0)
    expect(session.state).toMatchObject({ name: 'waiting', attempt: 1 })
    world.breaker.reset()
    await world.clock.advance(500)
    expect(session.state.name).toBe('open')
    world.breaker.trip({ forMs: 5_000 })
    expect(session.state.name).toBe('open')
    expect(world.breaker.state).toMatchObject({ retryAt: world.clock.now() + 5_000, reason: 'tripped' })
    session.reconnect()
    await world.clock.advance(4_000)
    expect(session.state.name).toBe('waiting')
    await world.clock.advance(4_000)
    expect(session.state.name).toBe('open')
  })

  it('an attempt that was let in before the circuit moved decides nothing any more', async () => {
    const world = breakerWorld({ ...quick, minCalls: 1 })
    world.mood = 'hang'
    world.open({ connect: { dialTimeoutMs: 5_000 } })
    await world.clock.advance(100)
    world.breaker.trip({ forMs: 1_000 })
    world.breaker.reset()
    await world.clock.advance(5_000)
    expect(world.breaker.tally.calls).toBe(0)
    expect(world.told).toEqual(['open tripped', 'closed'])
  })

  it('a wake signal of the page brings the probe forward, at most one a second, and never against trip()', async () => {
    const world = breakerWorld({ ...quick, openMs: 1_000_000 })
    world.mood = 'down'
    const session = world.open()
    await world.clock.advance(5_000)
    expect(world.breaker.state.name).toBe('open')
    const before = world.server.dials
    const wake = () => session.reconnect({ cause: { kind: 'wake', signal: 'online' } })
    for (let n = 0; n < 10; n += 1) {
      wake()
      await world.clock.advance(100)
    }
    expect(world.server.dials - before).toBe(1)
    await world.clock.advance(1_000)
    world.mood = 'up'
    wake()
    await world.clock.advance(2_000)
    expect(world.breaker.state.name).toBe('closed')
    world.breaker.trip({ forMs: 60_000 })
    await world.clock.advance(2_000)
    wake()
    await world.clock.advance(2_000)
    expect(session.state).toMatchObject({ cause: { by: 'breaker-open' } })
  })

  it('outcomeOf may overrule the table; one that throws counts for nothing, and is an error of its own', async () => {
    const world = breakerWorld({ ...quick, outcomeOf: () => 'success' })
    world.mood = 'down'
    world.open()
    await world.clock.advance(5_000)
    expect(world.breaker.state.name).toBe('closed')
    const throwing = breakerWorld({
      ...quick,
      outcomeOf: () => {
        throw new Error('a bug')
      },
    })
    throwing.breaker.trip({ forMs: 1 })
    throwing.mood = 'down'
    const errors: unknown[] = []
    throwing.open().on('error', ({ error }) => errors.push((error as Error).message))
    await throwing.clock.advance(100)
    expect(throwing.breaker.state).toEqual({ name: 'half-open', probe: 'none' })
    expect([...new Set(errors)]).toEqual(['a bug'])
  })

  it('asks an admit that was there before first', async () => {
    const world = breakerWorld(quick)
    let asked = 0
    const session = world.open({
      admit: () => (asked++ === 0 ? { retryAfterMs: 10, cause: 'busy' } : undefined),
    })
    await world.clock.advance(100)
    expect([asked, session.state.name]).toEqual([2, 'open'])
  })

  it('after dispose() it holds nothing, sessions that waited come back, and nothing is guarded', async () => {
    const world = breakerWorld(quick)
    world.mood = 'down'
    const session = world.open()
    await world.clock.advance(2_000)
    expect(session.state).toMatchObject({ cause: { by: 'breaker-open' } })
    const listeners = session.resources.listeners
    world.mood = 'up'
    world.breaker[Symbol.dispose]()
    world.breaker.dispose()
    world.breaker.trip()
    expect(world.breaker.sessions).toBe(0)
    expect(session.resources.listeners).toBe(listeners - 1)
    await world.clock.advance(2_000)
    expect(session.state.name).toBe('open')
    const later = world.open()
    await world.clock.advance(100)
    expect(later.state.name).toBe('open')
  })

  it('holds nothing of a session that has ended', async () => {
    const world = breakerWorld(quick)
    const session = world.open()
    await world.clock.advance(100)
    expect(world.breaker.sessions).toBe(1)
    session.dispose()
    expect(world.breaker.sessions).toBe(0)
    await world.clock.advance(100)
    expect(session.resources).toEqual(nothingHeld)
    expect(world.clock.pending).toBe(0)
  })

  it('refuses options out of bounds and names them', () => {
    const wrong = (options: object) => () => void endWithTest(circuitBreaker(options))
    expect(wrong({ failureRate: 0 })).toThrow('breaker.failureRate: must be from')
    expect(wrong({ minCalls: 21 })).toThrow('breaker.minCalls: must be from 1 to 20, got 21')
    expect(wrong({ openMs: 0 })).toThrow('breaker.openMs: must be from 1 to 1800000, got 0')
    expect(wrong({ earlyMs: 'soon' })).toThrow('breaker.earlyMs: must be a number, got "soon"')
    expect(wrong({ half: 1 })).toThrow('unknown option breaker.half')
    expect(wrong({ outcomeOf: 1 })).toThrow('breaker.outcomeOf: must be a function')
    expect(() => endWithTest(circuitBreaker()).trip({ forMs: 0 })).toThrow('trip.forMs')
    expect(breakerDefaults.minCalls).toBeLessThanOrEqual(breakerDefaults.windowCalls)
  })
})

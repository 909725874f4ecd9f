import { describe, expect, it } from 'vitest'
import { connect, isHoldfastError, type Session } from '../src/index.ts'
import { type Lease, type PoolOptions, pool, type SessionPool } from '../src/pool/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { openPool, watched } from './pool-world.ts'

const minute = 60_000

function assertLease(lease: Lease | undefined): asserts lease is Lease {
  expect(lease).toBeDefined()
}

/** Leases, letting as much time pass as the dial takes. */
async function leased(world: ReturnType<typeof openPool>, key?: unknown): Promise<Lease> {
  const result = watched(world.pool.lease({ key }))
  await world.clock.advance(50)
  if (result.error !== undefined) throw result.error
  assertLease(result.value)
  return result.value
}

describe('lease()', () => {
  it('opens a session when there is none, and waits until it is open', async () => {
    const world = openPool()
    expect(world.sessions).toHaveLength(0)
    const result = watched(world.pool.lease())
    await world.clock.advance(4)
    expect(result).toEqual({})
    await world.clock.advance(1)
    expect(result.value?.session).toBe(world.sessions[0])
    expect(result.value?.session.state.name).toBe('open')
    expect(world.told).toEqual(['joined'])
  })

  it('uses a session that was given back, the last one first', async () => {
    const world = openPool()
    const [a, b] = [await leased(world), await leased(world)]
    expect(a.session).not.toBe(b.session)
    a.release()
    b.release()
    expect((await leased(world)).session).toBe(b.session)
    expect((await leased(world)).session).toBe(a.session)
    expect(world.sessions).toHaveLength(2)
  })

  it('at maxSessions waits, and is served in the order of the calls', async () => {
    const world = openPool({ maxSessions: 2 })
    const out = [await leased(world), await leased(world)]
    const order: number[] = []
    const waiting = [0, 1, 2, 3].map((n) => world.pool.lease().then((lease) => (order.push(n), lease)))
    await world.clock.advance(50)
    expect(world.sessions).toHaveLength(2)
    expect(world.pool.stats()).toMatchObject({ waiting: 4, leases: 2, free: 0 })
    for (const lease of out) lease.release()
    await world.clock.advance(0)
    expect(order).toEqual([0, 1])
    for (const lease of await Promise.all(waiting.slice(0, 2))) lease.release()
    await world.clock.advance(0)
    expect(order).toEqual([0, 1, 2, 3])
  })

  it('rejects with timeout when none is free in time, and leaves the line', async () => {
    const world = openPool({ maxSessions: 1 })
    await leased(world)
    const late = watched(world.pool.lease({ timeoutMs: 100 }))
    await world.clock.advance(99)
    expect(late).toEqual({})
    await world.clock.advance(1)
    expect(isHoldfastError(late.error, 'timeout')).toBe(true)
    expect(String(late.error)).toMatch(/within 100 ms; 1 sessions of at most 1, 1 leases out/)
    expect(world.pool.stats()).toMatchObject({ waiting: 0, timedOut: 1 })
  })

  it('rejects with the reason of its signal, before and during the wait', async () => {
    const world = openPool({ maxSessions: 1 })
    const lease = await leased(world)
    const controller = new AbortController()
    const waiting = watched(world.pool.lease({ signal: controller.signal }))
    controller.abort('enough')
    const late = watched(world.pool.lease({ signal: controller.signal }))
    await world.clock.advance(0)
    expect([waiting.error, late.error]).toEqual(['enough', 'enough'])
    lease.release()
    expect(world.pool.stats()).toMatchObject({ waiting: 0, leases: 0, aborted: 1 })
  })

  it('never overtakes those who wait', async () => {
    const world = openPool({ maxSessions: 1 })
    const first = await leased(world)
    const second = watched(world.pool.lease())
    first.release()
    expect(world.pool.tryLease()).toBeUndefined()
    await world.clock.advance(0)
    expect(second.value).toBeDefined()
  })
})

describe('tryLease()', () => {
  it('gives what is free and believed to be alive, else undefined, and opens nothing', async () => {
    const world = openPool()
    expect(world.pool.tryLease()).toBeUndefined()
    await world.clock.advance(50)
    expect(world.sessions).toHaveLength(0)
    ;(await leased(world)).release()
    const lease = world.pool.tryLease()
    assertLease(lease)
    expect(world.pool.tryLease()).toBeUndefined()
    lease.release()
  })
})

describe('a lease', () => {
  it('is given back once, however often that is said', async () => {
    const world = openPool({ maxSessions: 1 })
    const lease = await leased(world)
    lease.release()
    lease.release()
    lease[Symbol.dispose]()
    expect(world.pool.stats()).toMatchObject({ leases: 0, released: 1, free: 1 })
  })

  it('has a signal that aborts with it, so that handlers end and the session does not', async () => {
    const world = openPool()
    const lease = await leased(world)
    const got: unknown[] = []
    lease.session.on('message', (message) => got.push(message), { signal: lease.signal })
    world.server.last.send('one')
    await world.clock.advance(5)
    lease.release()
    world.server.last.send('two')
    await world.clock.advance(5)
    expect(got).toEqual(['one'])
    expect(lease.signal.aborted).toBe(true)
    expect(lease.session.state.name).toBe('open')
  })

  it('has a signal that aborts when its session leaves the pool, and one asked for afterwards has', async () => {
    const world = openPool()
    const lease = await leased(world)
    const { signal } = lease
    lease.session.dispose()
    expect(signal.aborted).toBe(true)
    expect(isHoldfastError(signal.reason, 'closed')).toBe(true)
    lease.release()
    const other = await leased(world)
    other.release()
    expect(other.signal.aborted).toBe(true)
  })

  it('that is ejected takes its session out of the pool', async () => {
    const world = openPool()
    const lease = await leased(world)
    lease.eject()
    lease.release()
    expect(lease.session.state).toMatchObject({ name: 'closed' })
    expect(world.told).toEqual(['joined', 'left ejected'])
    expect((await leased(world)).session).not.toBe(lease.session)
    expect(world.pool.stats()).toMatchObject({ leases: 1, sessions: 1 })
  })
})

describe('shared leases', () => {
  it('fill a session before another one is opened', async () => {
    const world = openPool({ maxLeasesPerSession: 3, maxSessions: 2 })
    const leases: Lease[] = []
    for (let n = 0; n < 6; n += 1) leases.push(await leased(world))
    expect(world.sessions).toHaveLength(2)
    expect(world.pool.stats().free).toBe(0)
    expect(new Set(leases.slice(0, 3).map(({ session }) => session))).toEqual(new Set([world.sessions[0]]))
  })

  it('go to the session with the fewest', async () => {
    const world = openPool({ maxLeasesPerSession: Infinity, minSessions: 3 })
    await world.clock.advance(50)
    const leases: Lease[] = []
    for (let n = 0; n < 9; n += 1) leases.push(await leased(world))
    const of = (session: Session | undefined) => leases.filter((lease) => lease.session === session)
    expect(world.sessions.map((session) => of(session).length)).toEqual([3, 3, 3])
    for (const lease of of(world.sessions[1])) lease.release()
    const next = [await leased(world), await leased(world), await leased(world)]
    expect(next.map(({ session }) => session)).toEqual(Array(3).fill(world.sessions[1]))
  })

  it('of an ejected session are all back before it is closed', async () => {
    const world = openPool({ maxLeasesPerSession: 2 })
    const [a, b] = [await leased(world), await leased(world)]
    a.eject()
    expect(b.session.state.name).toBe('open')
    expect((await leased(world)).session).not.toBe(b.session)
    b.release()
    expect(b.session.state.name).toBe('closed')
  })
})

describe('a key', () => {
  it('keeps its session as long as that has room', async () => {
    const world = openPool({ maxLeasesPerSession: Infinity, minSessions: 4 })
    await world.clock.advance(50)
    const homes = new Map<string, Session>()
    for (let n = 0; n < 40; n += 1) {
      const key = `room ${n % 10}`
      const { session } = await leased(world, key)
      expect(homes.get(key) ?? session).toBe(session)
      homes.set(key, session)
    }
    expect(new Set(homes.values()).size).toBe(4)
  })

  it('moves rather than waits: to another session when its own is full or down, and stays there', async () => {
    const world = openPool({ minSessions: 2, maxSessions: 2 })
    await world.clock.advance(50)
    const first = await leased(world, 'a')
    const second = await leased(world, 'a')
    expect(second.session).not.toBe(first.session)
    first.release()
    second.release()
    expect((await leased(world, 'a')).session).toBe(second.session)
  })

  it('is forgotten when many others came after it', async () => {
    const world = openPool({ maxKeys: 2, minSessions: 2, maxLeasesPerSession: 2 })
    await world.clock.advance(50)
    ;(await leased(world, 'a')).release()
    for (const key of ['b', 'c', 'd']) (await leased(world, key)).release()
    expect(world.pool.stats().leases).toBe(0)
  })
})

describe('a dead session is never leased:', () => {
  it('one that is reconnecting waits for its connection, and nobody gets an error', async () => {
    const world = openPool({ maxSessions: 1 })
    ;(await leased(world)).release()
    world.server.last.cut()
    await world.clock.advance(5)
    expect(world.sessions[0]?.state.name).toBe('waiting')
    const result = watched(world.pool.lease())
    await world.clock.advance(500)
    expect(result).toEqual({})
    await world.clock.advance(600)
    expect(result.value?.session.state.name).toBe('open')
    expect(world.sessions).toHaveLength(1)
  })

  it('one that was given back while it reconnects is waited for, and no other is opened', async () => {
    const world = openPool({ maxSessions: 2 })
    const lease = await leased(world)
    world.server.last.cut()
    await world.clock.advance(5)
    lease.release()
    const result = watched(world.pool.lease())
    await world.clock.advance(2_000)
    expect(result.value?.session).toBe(lease.session)
    expect(world.sessions).toHaveLength(1)
  })

  it('one that the server ended for good is replaced', async () => {
    const world = openPool({ maxSessions: 1 })
    ;(await leased(world)).release()
    await world.clock.advance(minute / 2)
    world.server.last.close(1000)
    await world.clock.advance(5)
    expect(world.told).toEqual(['joined', 'left ended'])
    expect((await leased(world)).session).toBe(world.sessions[1])
  })

  it('one without a sign of life for validateAfterMs is asked first', async () => {
    const world = openPool({ maxSessions: 1, validateAfterMs: 5_000 })
    ;(await leased(world)).release()
    world.clock.jump(5_000)
    expect(world.pool.tryLease()).toBeUndefined()
    const result = watched(world.pool.lease())
    await world.clock.advance(9)
    expect(result).toEqual({})
    await world.clock.advance(1)
    expect(result.value?.session).toBe(world.sessions[0])
    expect(world.pool.stats().checks).toEqual({ alive: 1, dead: 0, unknown: 0 })
  })

  it('one that does not answer is passed over for one that does', async () => {
    const world = openPool({
      minSessions: 2,
      validateAfterMs: 1_000,
      session: { backoff: { baseMs: 20_000 } },
    })
    await world.clock.advance(50)
    world.server.sockets[1]?.freeze()
    world.clock.jump(2_000)
    const result = watched(world.pool.lease())
    await world.clock.advance(50)
    expect(result.value?.session).toBe(world.sessions[0])
    const second = watched(world.pool.lease())
    await world.clock.advance(minute)
    expect(second.value?.session.state.name).toBe('open')
    expect(world.pool.stats().checks.dead).toBe(1)
  })

  it('after a sleep of the machine none is believed', async () => {
    const world = openPool({ minSessions: 3 })
    await world.clock.advance(50)
    for (const socket of world.server.sockets) socket.freeze()
    world.clock.jump(8 * 3_600_000)
    const result = watched(world.pool.lease())
    expect(world.pool.stats().free).toBe(0)
    await world.clock.advance(10_000)
    expect(result.value?.session.state.name).toBe('open')
    expect(world.server.sockets.length).toBeGreaterThan(3)
  })

  it('one that cannot ask is believed, unless it was idle for longer than the server allows', async () => {
    const world = openPool({
      maxSessions: 1,
      validateAfterMs: 1_000,
      serverIdleMs: 30_000,
      session: { heartbeat: false },
    })
    ;(await leased(world)).release()
    world.clock.jump(10_000)
    ;(await leased(world)).release()
    expect(world.server.dials).toBe(1)
    world.server.last.freeze()
    world.clock.jump(30_001)
    const lease = await leased(world)
    expect(lease.session).toBe(world.sessions[0])
    expect(world.server.dials).toBe(2)
    expect(world.pool.stats().checks.unknown).toBe(2)
  })

  it('one whose loss the pool was not told of yet is not leased by a handler that was', async () => {
    const pools: SessionPool[] = []
    const leases: (Lease | undefined)[] = []
    const world = openPool({
      open: (plain) => {
        const session = plain()
        session.on('state', () => {
          const lease = pools[0]?.tryLease()
          if (lease) leases.push(lease)
          if (lease) expect(lease.session.state.name).toBe('open')
        })
        return session
      },
    })
    pools.push(world.pool)
    ;(await leased(world)).release()
    expect(world.pool.stats().free).toBe(1)
    world.server.last.cut()
    await world.clock.advance(5)
    expect(leases).toEqual([])
    expect(world.pool.stats().free).toBe(0)
  })

  it('one that stopped trying is replaced', async () => {
    const world = openPool({ maxSessions: 1 })
    const lease = await leased(world)
    lease.session.pause('mine')
    expect(world.told).toEqual(['joined'])
    lease.release()
    expect(world.told).toEqual(['joined', 'left stopped'])
    expect((await leased(world)).session).not.toBe(lease.session)
  })

  it('one that never connected is given up after ejectAfterMs as well', async () => {
    const world = openPool({ ejectAfterMs: 5_000, server: { onDial: () => 'hang' } })
    const result = watched(world.pool.lease({ timeoutMs: 8_000 }))
    await world.clock.advance(8_000)
    expect(isHoldfastError(result.error, 'timeout')).toBe(true)
    expect(world.told.slice(0, 2)).toEqual(['joined', 'left down'])
  })

  it('one that is being closed by whoever leased it is not leased again', async () => {
    const world = openPool({ maxLeasesPerSession: 2, maxSessions: 2 })
    const lease = await leased(world)
    world.server.last.freeze()
    void lease.session.close()
    expect(world.pool.tryLease()).toBeUndefined()
    expect((await leased(world)).session).toBe(world.sessions[1])
    expect(lease.session.state.name).toBe('closing')
  })

  it('one that could not connect for ejectAfterMs is given up', async () => {
    let answer: 'accept' | 'hang' = 'accept'
    const world = openPool({ maxSessions: 1, ejectAfterMs: 20_000, server: { onDial: () => answer } })
    ;(await leased(world)).release()
    answer = 'hang'
    world.server.last.cut()
    await world.clock.advance(20_005)
    expect(world.told).toEqual(['joined', 'left down'])
    expect(world.living()).toHaveLength(0)
    answer = 'accept'
    const result = watched(world.pool.lease())
    await world.clock.advance(5_000)
    expect(result.value?.session).toBe(world.sessions[1])
  })
})

describe('keepalive', () => {
  it('asks just below the idle limit of the server, so that an idle pool stays open', async () => {
    const world = openPool({ minSessions: 2, serverIdleMs: 2_000 })
    await world.clock.advance(50)
    const heard = new Map<object, number[]>()
    for (const socket of world.connections()) {
      const times = [world.clock.now()]
      heard.set(socket, times)
      socket.onMessage(() => times.push(world.clock.now()))
    }
    await world.clock.advance(20_000)
    for (const times of heard.values()) {
      const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
      expect(times.length).toBeGreaterThan(10)
      expect(Math.max(...gaps)).toBeLessThan(2_000)
      expect(Math.min(...gaps.slice(1))).toBeGreaterThan(1_000)
    }
    expect(world.server.dials).toBe(2)
  })

  it('finds a dead connection before anybody needs it', async () => {
    const world = openPool({ minSessions: 1, keepaliveMs: 2_000 })
    await world.clock.advance(50)
    world.server.last.freeze()
    await world.clock.advance(7_000)
    expect(world.server.dials).toBe(2)
    expect(world.pool.tryLease()).toBeDefined()
  })

  it('is a proof of life: what was asked just now is not asked again', async () => {
    const world = openPool({ minSessions: 1, keepaliveMs: 2_000, validateAfterMs: 3_000 })
    await world.clock.advance(minute)
    expect(world.pool.tryLease()).toBeDefined()
    expect(world.pool.stats().checks.alive).toBe(0)
  })
})

describe('how many', () => {
  it('minSessions are opened at once and kept', async () => {
    const world = openPool({ minSessions: 3, idleMs: 10_000 })
    expect(world.sessions).toHaveLength(3)
    await world.clock.advance(5 * minute)
    expect(world.living()).toHaveLength(3)
    expect(world.sessions).toHaveLength(3)
    world.sessions[1]?.dispose()
    await world.clock.advance(50)
    expect(world.living()).toHaveLength(3)
  })

  it('a session that nobody leased for idleMs is closed with a goodbye, down to minSessions', async () => {
    const world = openPool({ minSessions: 1, idleMs: 20_000 })
    const leases = [await leased(world), await leased(world), await leased(world)]
    await world.clock.advance(minute)
    expect(world.living()).toHaveLength(3)
    for (const lease of leases) lease.release()
    await world.clock.advance(20_000)
    expect(world.living()).toHaveLength(3)
    await world.clock.advance(5_100)
    expect(world.living()).toHaveLength(1)
    expect(world.server.sockets.filter(({ closed }) => closed?.code === 1000)).toHaveLength(2)
    expect(world.pool.stats().left.idle).toBe(2)
  })

  it('a session older than maxLifetimeMs is replaced, once it is back', async () => {
    const world = openPool({ minSessions: 1, maxLifetimeMs: 100_000 })
    const lease = await leased(world)
    await world.clock.advance(95_000)
    expect(lease.session.state.name).toBe('open')
    expect(world.pool.stats()).toMatchObject({ sessions: 2, leases: 1 })
    lease.release()
    await world.clock.advance(50)
    expect(lease.session.state.name).toBe('closed')
    // The first one joined before anybody could listen.
    expect(world.told).toEqual(['joined', 'left lifetime'])
  })

  it('lifetimes are drawn, so that what was opened together does not end together', async () => {
    let draws = 0
    const world = openPool({ minSessions: 10, maxLifetimeMs: 100_000, random: () => draws++ / 40 })
    await world.clock.advance(50)
    const ends: number[] = []
    for (const session of world.sessions) session.on('closed', () => ends.push(world.clock.now()))
    await world.clock.advance(101_000)
    expect(ends).toHaveLength(10)
    expect(new Set(ends).size).toBe(10)
  })

  it('one that is closing still counts, so that the server never sees more than maxSessions', async () => {
    const world = openPool({ maxSessions: 1, maxLifetimeMs: 20_000, keepaliveMs: 1_000_000 })
    const lease = await leased(world)
    const waiting = watched(world.pool.lease())
    await world.clock.advance(19_000)
    world.server.last.freeze()
    lease.release()
    expect(lease.session.state.name).toBe('closing')
    await world.clock.advance(1_990)
    expect(world.sessions).toHaveLength(1)
    await world.clock.advance(50)
    expect(waiting.value?.session).toBe(world.sessions[1])
  })

  it('a pool without sessions holds no timer', async () => {
    const world = openPool({ idleMs: 1_000 })
    ;(await leased(world)).release()
    await world.clock.advance(minute)
    expect(world.pool.resources.timers).toBe(0)
  })
})

describe('at the limit', () => {
  it("'reject' fails at once when all is leased", async () => {
    const world = openPool({ maxSessions: 1, whenExhausted: 'reject' })
    const first = world.pool.lease()
    const second = watched(world.pool.lease())
    await world.clock.advance(50)
    expect(isHoldfastError(second.error, 'pool-exhausted')).toBe(true)
    ;(await first).release()
    expect(world.pool.tryLease()).toBeDefined()
    expect(world.pool.stats()).toMatchObject({ rejected: 1, waiting: 0 })
  })

  it("'reject' still waits for a session that only has to connect", async () => {
    const world = openPool({ maxSessions: 1, whenExhausted: 'reject' })
    ;(await leased(world)).release()
    world.server.last.cut()
    await world.clock.advance(5)
    const result = watched(world.pool.lease())
    await world.clock.advance(2_000)
    expect(result.value).toBeDefined()
  })

  it("'overflow' opens an extra session, and closes it when it is back", async () => {
    const world = openPool({ maxSessions: 1, whenExhausted: 'overflow', maxOverflow: 1 })
    const regular = await leased(world)
    const extra = await leased(world)
    expect(world.pool.stats()).toMatchObject({ sessions: 2, extra: 1 })
    const waiting = watched(world.pool.lease())
    await world.clock.advance(50)
    expect(waiting).toEqual({})
    extra.release()
    await world.clock.advance(0)
    expect(waiting.value?.session).toBe(extra.session)
    waiting.value?.release()
    await world.clock.advance(50)
    expect(world.told).toEqual(['joined', 'joined', 'left overflow'])
    expect(regular.session.state.name).toBe('open')
  })

  it("'overflow' opens none for sessions that only have to connect", async () => {
    const world = openPool({ maxSessions: 2, minSessions: 2, whenExhausted: 'overflow' })
    await world.clock.advance(50)
    for (const socket of world.server.sockets) socket.cut()
    await world.clock.advance(5)
    const results = [watched(world.pool.lease()), watched(world.pool.lease())]
    await world.clock.advance(2_000)
    expect(results.every(({ value }) => value)).toBe(true)
    expect(world.sessions).toHaveLength(2)
  })

  it('an extra session for which nobody waits any more is closed as soon as it is open', async () => {
    const world = openPool({ maxSessions: 1, whenExhausted: 'overflow' })
    const lease = await leased(world)
    const waiting = watched(world.pool.lease())
    lease.release()
    await world.clock.advance(50)
    expect(waiting.value?.session).toBe(lease.session)
    expect(world.told).toEqual(['joined', 'joined', 'left overflow'])
  })

  it('no more than maxWaiting wait', async () => {
    const world = openPool({ maxSessions: 1, maxWaiting: 1 })
    await leased(world)
    const results = [watched(world.pool.lease()), watched(world.pool.lease())]
    await world.clock.advance(0)
    expect(results[0]).toEqual({})
    expect(isHoldfastError(results[1]?.error, 'pool-exhausted')).toBe(true)
  })
})

describe('when no session can be had', () => {
  it('a server that says no for good rejects those who wait with no-session and the cause', async () => {
    const world = openPool({
      maxSessions: 2,
      session: { classify: () => 'stop' },
      server: { onDial: () => 'refuse' },
    })
    const results = [watched(world.pool.lease()), watched(world.pool.lease())]
    await world.clock.advance(50)
    for (const { error } of results) {
      expect(isHoldfastError(error, 'no-session')).toBe(true)
      expect(error).toMatchObject({ cause: { kind: 'unreachable' } })
    }
    expect(world.pool.stats()).toMatchObject({ failed: 2, sessions: 0 })
  })

  it('sessions that end at once are opened ever more slowly', async () => {
    const world = openPool({ minSessions: 1 })
    world.server.onConnection((socket) => socket.close(1000))
    await world.clock.advance(10 * minute)
    expect(world.server.dials).toBeGreaterThan(10)
    expect(world.server.dials).toBeLessThan(60)
  })

  it('an open that throws is told to those who wait, else as an error event', async () => {
    const failure = new Error('no address')
    let broken = true
    const world = openPool({
      open: (plain) => {
        if (broken) throw failure
        return plain()
      },
    })
    const errors: unknown[] = []
    world.pool.on('error', ({ error }) => errors.push(error))
    const first = watched(world.pool.lease())
    await world.clock.advance(0)
    expect(first.error).toMatchObject({ code: 'no-session', cause: failure })
    expect(errors).toEqual([])
    const second = watched(world.pool.lease())
    broken = false
    await world.clock.advance(2_000)
    expect(second.value).toBeDefined()
  })

  it('an open that asks for a lease itself opens no more than maxSessions', async () => {
    const pools: SessionPool[] = []
    const inner: ReturnType<typeof watched<Lease>>[] = []
    const world = openPool({
      maxSessions: 1,
      open: (plain) => {
        if (pools[0]) inner.push(watched(pools[0].lease()))
        return plain()
      },
    })
    pools.push(world.pool)
    ;(await leased(world)).release()
    await world.clock.advance(50)
    expect(world.sessions).toHaveLength(1)
    expect(inner[0]?.value?.session).toBe(world.sessions[0])
  })

  it('an open that gives the same session twice is an error', async () => {
    let one: Session | undefined
    const world = openPool({ open: (plain) => (one ??= plain()) })
    const errors: unknown[] = []
    world.pool.on('error', ({ error }) => errors.push(error))
    await leased(world)
    const second = watched(world.pool.lease({ timeoutMs: 100 }))
    await world.clock.advance(100)
    expect(errors).toEqual([new RangeError('open(): must be a new session each time, got "one of the pool"')])
    expect(isHoldfastError(second.error, 'timeout')).toBe(true)
  })

  it('a session that is open already is leased at once', async () => {
    const ready: Session[] = []
    const world = openPool({ open: (plain) => ready.shift() ?? plain() })
    const lease = await leased(world)
    lease.eject()
    const { server, clock } = world
    ready.push(connect('ws://server.test/', { clock, createSocket: server.createSocket }))
    await clock.advance(5)
    const [session] = ready
    const result = watched(world.pool.lease())
    await clock.advance(0)
    expect(result.value?.session).toBe(session)
    expect(world.pool.stats().sessions).toBe(1)
  })

  it('a session that was not started is started', async () => {
    const world = openPool({ session: { autoConnect: false } })
    expect((await leased(world)).session.state.name).toBe('open')
  })
})

describe('drain()', () => {
  it('serves those who wait, refuses others, and ends when all is back', async () => {
    const world = openPool({ maxSessions: 1 })
    const first = await leased(world)
    const waiting = watched(world.pool.lease())
    const drained = watched(world.pool.drain())
    expect(world.pool.state).toEqual({ name: 'draining', deadline: Infinity })
    const refused = watched(world.pool.lease())
    expect(world.pool.tryLease()).toBeUndefined()
    await world.clock.advance(0)
    expect(isHoldfastError(refused.error, 'closed')).toBe(true)
    first.release()
    await world.clock.advance(0)
    expect(waiting.value).toBeDefined()
    expect(drained).toEqual({})
    waiting.value?.release()
    await world.clock.advance(50)
    expect('value' in drained).toBe(true)
    expect(world.pool.state).toEqual({ name: 'closed' })
    expect(world.server.last.closed).toEqual({ code: 1000, reason: '' })
  })

  it('ends at once when nothing is out, and at timeoutMs whatever is out', async () => {
    const empty = openPool()
    await empty.pool.drain()
    const world = openPool()
    const lease = await leased(world)
    const drained = watched(world.pool.drain({ timeoutMs: 1_000 }))
    expect(world.pool.drain()).toBe(world.pool.closed)
    await world.clock.advance(999)
    expect(drained).toEqual({})
    await world.clock.advance(1)
    expect('value' in drained).toBe(true)
    expect(lease.session.state.name).toBe('closed')
    lease.release()
  })

  it('ends when those who wait give up', async () => {
    const world = openPool({ server: { onDial: () => 'refuse' } })
    const waiting = watched(world.pool.lease({ timeoutMs: 5_000 }))
    const drained = watched(world.pool.drain())
    await world.clock.advance(6_000)
    expect(isHoldfastError(waiting.error, 'timeout')).toBe(true)
    expect('value' in drained).toBe(true)
  })
})

describe('dispose()', () => {
  it('settles everybody who waits with closed, disposes every session, and holds nothing', async () => {
    const world = openPool({ maxSessions: 2 })
    await leased(world)
    await leased(world)
    const waiting = [watched(world.pool.lease()), watched(world.pool.lease({ timeoutMs: minute }))]
    world.pool.dispose()
    world.pool.dispose()
    await world.pool.closed
    for (const { error } of waiting) expect(isHoldfastError(error, 'closed')).toBe(true)
    expect(world.living()).toHaveLength(0)
    expect(world.told).toEqual(['joined', 'joined', 'left disposed', 'left disposed'])
    await expect(world.pool.lease()).rejects.toMatchObject({ code: 'closed' })
  })

  it('is legal inside every handler', async () => {
    for (const type of ['joined', 'left'] as const) {
      const world = openPool({ maxSessions: 2 })
      world.pool.on(type, () => world.pool.dispose())
      const results = [watched(world.pool.lease()), watched(world.pool.lease())]
      await world.clock.advance(50)
      results[0]?.value?.eject()
      await world.clock.advance(50)
      expect(world.pool.state.name).toBe('closed')
      expect(world.living()).toHaveLength(0)
      for (const result of results) expect('value' in result || 'error' in result).toBe(true)
    }
  })

  it('is legal inside open, and what that opens is disposed', async () => {
    const pools: SessionPool[] = []
    const world = openPool({
      open: (plain) => {
        pools[0]?.dispose()
        return plain()
      },
    })
    pools.push(world.pool)
    const result = watched(world.pool.lease())
    await world.clock.advance(50)
    expect(isHoldfastError(result.error, 'closed')).toBe(true)
    expect(world.sessions).toHaveLength(1)
    expect(world.living()).toHaveLength(0)
  })

  it('is what using and await using call', async () => {
    const world = openPool()
    world.pool[Symbol.dispose]()
    expect(world.pool.state.name).toBe('closed')
    const other = openPool()
    await other.pool[Symbol.asyncDispose]()
    expect(other.pool.state.name).toBe('closed')
  })
})

describe('options', () => {
  const bad: [Partial<Record<keyof PoolOptions | 'size', unknown>>, RegExp][] = [
    [{ size: 1 }, /unknown option pool\.size/],
    [{ maxSessions: 0 }, /pool\.maxSessions: must be from 1 to Infinity, got 0/],
    [{ maxSessions: 1.5 }, /pool\.maxSessions: must be a whole number, got 1\.5/],
    [{ maxSessions: '3' }, /pool\.maxSessions: must be a number, got "3"/],
    [{ minSessions: 11 }, /pool\.maxSessions: must be from 11 to Infinity, got 10/],
    [{ idleMs: Number.NaN }, /pool\.idleMs: must be from 1/],
    [{ serverIdleMs: 1_000, keepaliveMs: 1_001 }, /pool\.keepaliveMs: must be from 1 to 1000, got 1001/],
    [{ whenExhausted: 'grow' }, /pool\.whenExhausted: must be one of wait, overflow, reject, got "grow"/],
    [{ random: 1 }, /pool\.random: must be a function, got 1/],
    [{ clock: {} }, /pool\.clock\.now: must be a function/],
    [{ unref: 1 }, /pool\.unref: must be a boolean/],
  ]
  it.each(bad)('%j are refused, with the name, the bound and the value', (options, message) => {
    expect(() => pool(() => undefined as never, options as Partial<PoolOptions>)).toThrow(message)
  })

  it('of a lease are checked at the call', () => {
    const world = openPool()
    expect(() => world.pool.lease({ timeoutMs: -1 })).toThrow('lease.timeoutMs: must be from 0')
    expect(() => world.pool.lease({ timeout: 5 } as never)).toThrow('unknown option lease.timeout')
    expect(() => world.pool.lease({ signal: {} as never })).toThrow('lease.signal.addEventListener')
    expect(() => world.pool.drain({ timeoutMs: -1 })).toThrow('drain.timeoutMs: must be from 0')
  })
})

describe('the cost of a lease', () => {
  /** What the pool reads of time and sessions during 100 leases, with so many sessions and keys around. */
  async function touches(count: number): Promise<{ reads: number; looks: number }> {
    const seen = { reads: 0, looks: 0 }
    const clock = new ManualClock()
    const now = clock.now.bind(clock)
    clock.now = () => {
      seen.reads += 1
      return now()
    }
    const state = { name: 'open', since: 0, resumed: 'first', protocol: '' } as const
    const stub = () =>
      ({
        get state() {
          seen.looks += 1
          return state
        },
        on: () => () => {},
        probe: async () => 'alive',
        reconnect: () => true,
        close: () => Promise.resolve(),
        dispose() {},
      }) as unknown as Session
    const sessions: SessionPool = pool(stub, { clock, minSessions: count, maxSessions: count })
    const half = Array.from({ length: count / 2 }, (_, n) => sessions.tryLease(n))
    expect(half.every(Boolean)).toBe(true)
    seen.reads = 0
    seen.looks = 0
    for (let n = 0; n < 100; n += 1) {
      const lease = sessions.tryLease(n)
      assertLease(lease)
      lease.release()
    }
    const result = { ...seen }
    sessions.dispose()
    return result
  }

  it('is the same however many sessions there are: one look at one session, and at most one at the clock', async () => {
    const few = await touches(4)
    const many = await touches(1_000)
    expect(many).toEqual(few)
    expect(few.looks).toBe(100)
    expect(few.reads).toBeLessThanOrEqual(100)
  })
})

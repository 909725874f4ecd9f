import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { connect, isHoldfastError, type Session } from '../src/index.ts'
import {
  type RegistryLease,
  type RegistryOptions,
  registry,
  type SessionRegistry,
  type TracedConnection,
} from '../src/registry/index.ts'
import { type FakeServer, fakeServer, ManualClock } from '../src/testing/index.ts'
import { nothingHeld } from './world.ts'

interface RegistryWorld {
  readonly clock: ManualClock
  readonly server: FakeServer
  readonly registry: SessionRegistry<string>
  /** Every session that was ever opened, oldest first. */
  readonly sessions: Session[]
  /** What the registry told, what was tied and what was traced, as words. */
  readonly told: string[]
}

const worlds: RegistryWorld[] = []

// Registered after the leak check of the setup file, so it runs before it.
afterEach(() => {
  for (const world of worlds.splice(0)) endRegistry(world)
})

function endRegistry({ registry, sessions }: RegistryWorld): void {
  registry.dispose()
  expect(registry.resources).toEqual(nothingHeld)
  expect(registry.stats()).toMatchObject({ keys: 0, sessions: 0, leases: 0 })
  for (const session of sessions) {
    expect(session.state.name).toBe('closed')
    expect({ ...session.resources, closing: 0 }).toEqual(nothingHeld)
  }
}

function openRegistry(options: Partial<RegistryOptions<string>> = {}): RegistryWorld {
  const clock = new ManualClock()
  const server = fakeServer({ clock, latencyMs: 5 })
  const sessions: Session[] = []
  const open = () => {
    const { createSocket } = server
    const session = connect('ws://server.test/', { clock, random: () => 0.5, createSocket })
    sessions.push(session)
    return session
  }
  const made = registry<string>(open, { clock, ...options })
  const told: string[] = []
  made.on('idle', ({ key }) => told.push(`idle ${key}`))
  const world = { clock, server, registry: made, sessions, told }
  worlds.push(world)
  return world
}

/** A tracer that notes everything, and fails when something is dropped twice. */
function tracer(notes: string[]): (connection: TracedConnection<string>) => Disposable {
  return ({ key, name, kind, number }) => {
    const note = `${key}/${name} ${kind} ${number}`
    notes.push(`+ ${note}`)
    let drops = 0
    return {
      [Symbol.dispose]() {
        drops += 1
        notes.push(drops === 1 ? `- ${note}` : `again ${note}`)
      },
    }
  }
}

describe('acquire()', () => {
  it('gives the same session for a key and name, and one of its own for each other', () => {
    const { registry, sessions } = openRegistry()
    const [a, b] = [registry.acquire('ada'), registry.acquire('ada')]
    const [c, d] = [registry.acquire('ada', 'presence'), registry.acquire('bob')]
    expect(a.session).toBe(b.session)
    expect(new Set([a, c, d].map(({ session }) => session)).size).toBe(3)
    expect(sessions).toHaveLength(3)
    expect(registry.stats()).toEqual({ keys: 2, sessions: 3, leases: 4, opened: 3, reused: 1, idled: 0 })
    expect([a.key, a.name, c.name]).toEqual(['ada', '', 'presence'])
  })

  it('opens another session when the one it has is over, and those who hold that one give it back as ever', async () => {
    const { registry, sessions, told, clock } = openRegistry()
    const a = registry.acquire('ada')
    a.session.dispose()
    const b = registry.acquire('ada')
    expect(b.session).toBe(sessions[1])
    b.release()
    await clock.advance(10_000)
    expect(b.session.state.name).toBe('closed')
    expect(told).toEqual([])
    a.release()
    expect(told).toEqual(['idle ada'])
  })

  it('gives nobody a session that says goodbye already', async () => {
    const { registry, clock } = openRegistry()
    const a = registry.acquire('ada')
    await clock.advance(5)
    void a.session.close()
    expect(a.session.state.name).toBe('closing')
    expect(registry.acquire('ada').session).not.toBe(a.session)
  })

  it('throws what open throws, and then holds nothing', () => {
    const failure = new Error('no')
    const made = registry(() => {
      throw failure
    })
    expect(() => made.acquire('ada')).toThrow(failure)
    expect(made.has('ada')).toBe(false)
    expect(made.resources).toEqual(nothingHeld)
    made.dispose()
  })

  it('throws closed after dispose()', () => {
    const { registry } = openRegistry()
    registry.dispose()
    try {
      registry.acquire('ada')
      expect.unreachable()
    } catch (error) {
      expect(isHoldfastError(error, 'closed')).toBe(true)
    }
  })
})

describe('release()', () => {
  it('of the last one closes the session with a goodbye after lingerMs, and tells idle', async () => {
    const { registry, server, clock, told } = openRegistry({ lingerMs: 500 })
    const leases = [registry.acquire('ada'), registry.acquire('ada')]
    await clock.advance(5)
    leases[0]?.release()
    leases[0]?.release()
    await clock.advance(10_000)
    expect(registry.stats().leases).toBe(1)
    leases[1]?.[Symbol.dispose]()
    await clock.advance(499)
    expect(registry.has('ada')).toBe(true)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(registry.has('ada')).toBe(false)
    expect(told).toEqual(['idle ada'])
    await clock.advance(20)
    expect(server.last.closed).toEqual({ code: 1000, reason: '' })
  })

  it('a quick release and acquire, as under StrictMode, keeps one session and one connection', async () => {
    for (const lingerMs of [0, 500]) {
      const { registry, server, clock, sessions, told } = openRegistry({ lingerMs })
      const ties: string[] = []
      for (let mounts = 0; mounts < 20; mounts += 1) {
        const lease = registry.acquire('ada')
        if (mounts === 0) registry.tie('ada', () => ties.push('released'))
        if (mounts < 19) lease.release()
      }
      await clock.advance(60_000)
      expect(sessions).toHaveLength(1)
      expect(server.dials).toBe(1)
      expect(sessions[0]?.state.name).toBe('open')
      expect([...told, ...ties]).toEqual([])
      registry.dispose()
      expect([...told, ...ties]).toEqual(['idle ada', 'released'])
    }
  })

  it('while one session of the key is held the key is not idle, though the other is closed', async () => {
    const { registry, clock, told } = openRegistry()
    const [chat, presence] = [registry.acquire('ada', 'chat'), registry.acquire('ada', 'presence')]
    chat.release()
    await clock.advance(10_000)
    expect(chat.session.state.name).toBe('closed')
    expect(presence.session.state.name).toBe('open')
    expect(told).toEqual([])
    presence.release()
    await clock.advance(500)
    expect(told).toEqual(['idle ada'])
  })

  it('a lingering session that ends is not kept', async () => {
    const { registry, clock, server, told } = openRegistry({ lingerMs: Infinity })
    registry.acquire('ada').release()
    await clock.advance(10_000)
    expect(registry.has('ada')).toBe(true)
    server.last.close(1000)
    await clock.advance(5)
    expect(registry.has('ada')).toBe(false)
    expect(told).toEqual(['idle ada'])
    expect(registry.resources.timers).toBe(0)
  })
})

describe('tie()', () => {
  it('releases once when the last one is out, the last one tied first, before idle is told', async () => {
    const { registry, clock, told } = openRegistry()
    const lease = registry.acquire('ada')
    registry.tie('ada', () => told.push('first'))
    registry.tie('ada', () => told.push('second'))
    const now = registry.tie('ada', () => told.push('now'))
    now()
    now()
    expect(told).toEqual(['now'])
    lease.release()
    await clock.advance(500)
    expect(told).toEqual(['now', 'second', 'first', 'idle ada'])
  })

  it('to a key without a session releases at once', () => {
    const { registry, told } = openRegistry()
    registry.tie('ada', () => told.push('released'))()
    expect(told).toEqual(['released'])
  })

  it('of something that throws is an error event, and the others are released', async () => {
    const { registry, clock, told } = openRegistry()
    const errors: unknown[] = []
    registry.on('error', ({ error }) => errors.push(error))
    const lease = registry.acquire('ada')
    registry.tie('ada', () => told.push('released'))
    registry.tie('ada', () => {
      throw new Error('mine')
    })
    registry.tie('ada', async () => Promise.reject(new Error('late')))
    lease.release()
    await clock.advance(500)
    expect(told).toEqual(['released', 'idle ada'])
    expect(errors.map(String)).toEqual(['Error: mine', 'Error: late'])
  })

  it('an idle handler may acquire the key again', async () => {
    const { registry, clock, told, sessions } = openRegistry()
    const again: RegistryLease<string>[] = []
    const undo = registry.on('idle', ({ key }) => again.push(registry.acquire(key)))
    registry.acquire('ada').release()
    await clock.advance(500)
    undo()
    expect(told).toEqual(['idle ada'])
    expect(again[0]?.session).toBe(sessions[1])
    expect(registry.has('ada')).toBe(true)
  })
})

describe('trace', () => {
  it('is called for every connection and dropped when that one ends', async () => {
    const notes: string[] = []
    const { registry, clock, server } = openRegistry({ trace: tracer(notes) })
    registry.acquire('ada')
    expect(notes).toEqual([])
    await clock.advance(5)
    expect(notes).toEqual(['+ ada/ opened 1'])
    server.last.cut()
    await clock.advance(5)
    expect(notes).toEqual(['+ ada/ opened 1', '- ada/ opened 1'])
    await clock.advance(5_000)
    expect(notes.slice(2)).toEqual(['+ ada/ opened 2'])
  })

  it('is called for a reuse, and dropped with the lease or the connection, whichever ends first', async () => {
    const notes: string[] = []
    const { registry, clock, server } = openRegistry({ trace: tracer(notes) })
    const first = registry.acquire('ada')
    const early = registry.acquire('ada')
    await clock.advance(5)
    expect(notes).toEqual(['+ ada/ opened 1'])
    const second = registry.acquire('ada')
    const third = registry.acquire('ada')
    expect(notes.slice(1)).toEqual(['+ ada/ reused 1', '+ ada/ reused 1'])
    second.release()
    expect(notes.slice(3)).toEqual(['- ada/ reused 1'])
    server.last.cut()
    await clock.advance(5)
    expect(notes.slice(4)).toEqual(['- ada/ reused 1', '- ada/ opened 1'])
    for (const lease of [first, early, third]) lease.release()
    expect(notes).toHaveLength(6)
  })

  const ends: Record<string, (world: RegistryWorld, lease: RegistryLease<string>) => unknown> = {
    'a cut': ({ server }) => server.last.cut(),
    'a close frame': ({ server }) => server.last.close(1011),
    'the end of the session by the server': ({ server }) => server.last.close(1000),
    'reconnect()': (_, { session }) => session.reconnect(),
    'pause()': (_, { session }) => session.pause(),
    'close()': (_, { session }) => session.close(),
    'dispose()': (_, { session }) => session.dispose(),
    'new credentials': (_, { session }) => session.setCredentials('new'),
    'the last release': (_, lease) => lease.release(),
    'the end of the registry': ({ registry }) => registry.dispose(),
  }
  for (const [why, end] of Object.entries(ends)) {
    it(`is dropped exactly once after ${why}`, async () => {
      const notes: string[] = []
      const world = openRegistry({ trace: tracer(notes) })
      const lease = world.registry.acquire('ada')
      await world.clock.advance(5)
      void end(world, lease)
      await world.clock.advance(60_000)
      expect(notes.filter((note) => note === '- ada/ opened 1')).toHaveLength(1)
      world.registry.dispose()
      expect(notes.filter((note) => note.startsWith('+')).length).toBe(
        notes.filter((note) => note.startsWith('-')).length,
      )
      expect(notes.join()).not.toContain('again')
    })
  }

  it('lasts until the goodbye is over', async () => {
    const notes: string[] = []
    const { registry, clock } = openRegistry({ trace: tracer(notes), lingerMs: 0 })
    const lease = registry.acquire('ada')
    await clock.advance(5)
    lease.release()
    await clock.advance(0)
    expect(lease.session.state.name).toBe('closing')
    expect(notes).toEqual(['+ ada/ opened 1'])
    await clock.advance(50)
    expect(notes).toEqual(['+ ada/ opened 1', '- ada/ opened 1'])
  })

  it('that throws, when called or when dropped, is an error event and harms nobody', async () => {
    const errors: unknown[] = []
    const { registry, clock, server } = openRegistry({
      trace: ({ number }) => {
        if (number === 1) throw new Error('called')
        return () => {
          throw new Error('dropped')
        }
      },
    })
    registry.on('error', ({ error }) => errors.push(String(error)))
    const lease = registry.acquire('ada')
    await clock.advance(5)
    server.last.cut()
    await clock.advance(5_000)
    lease.release()
    await clock.advance(5_000)
    expect(errors).toEqual(['Error: called', 'Error: dropped'])
    expect(lease.session.state.name).toBe('closed')
  })
})

describe('dispose()', () => {
  it('ends every session, held or not, releases what is tied, tells idle, and is idempotent', () => {
    const { registry, sessions, told } = openRegistry()
    const lease = registry.acquire('ada')
    registry.acquire('bob').release()
    registry.tie('ada', () => told.push(`released, ${sessions[0]?.state.name}`))
    registry.dispose()
    registry.dispose()
    expect(told).toEqual(['released, closed', 'idle ada', 'idle bob'])
    expect(sessions.every(({ state }) => state.name === 'closed')).toBe(true)
    lease.release()
    registry.tie('ada', () => told.push('late'))
    expect(told.at(-1)).toBe('late')
  })

  it('ends sessions that are still saying goodbye', async () => {
    const { registry, sessions, clock, server } = openRegistry({ lingerMs: 0 })
    const lease = registry.acquire('ada')
    await clock.advance(5)
    server.last.freeze()
    lease.release()
    await clock.advance(0)
    expect(sessions[0]?.state.name).toBe('closing')
    registry.dispose()
    expect(sessions[0]?.state.name).toBe('closed')
  })
})

it.each([
  [{ size: 1 }, /unknown option registry\.size/],
  [{ lingerMs: -1 }, /registry\.lingerMs: must be from 0 to Infinity, got -1/],
  [{ trace: 1 }, /registry\.trace: must be a function, got 1/],
  [{ unref: 1 }, /registry\.unref: must be a boolean, got 1/],
  [{ clock: {} }, /registry\.clock\.now: must be a function/],
])('the options %j are refused, with the name, the bound and the value', (options, message) => {
  expect(() => registry(() => undefined as never, options as never)).toThrow(message)
})

const step = fc.record({
  act: fc.constantFrom(
    'acquire',
    'acquire',
    'release',
    'release',
    'tie',
    'cut',
    'goodbye',
    'close',
    'dispose',
  ),
  key: fc.constantFrom('ada', 'bob'),
  name: fc.constantFrom('', 'chat'),
  which: fc.nat(5),
  thenMs: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1_000)),
})

it('whatever order things come in: counts agree, ties and traces are dropped once, and one live session serves a name', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom(0, 300, Number.POSITIVE_INFINITY),
      async (steps, lingerMs) => {
        const notes: string[] = []
        const world = openRegistry({ lingerMs, trace: tracer(notes) })
        const { registry, clock, server, told } = world
        const out: RegistryLease<string>[] = []
        let tied = 0
        for (const { act, key, name, which, thenMs } of steps) {
          const lease = out[which % Math.max(1, out.length)]
          const open = server.sockets.filter(({ closed }) => closed === undefined)
          const socket = open[which % Math.max(1, open.length)]
          if (act === 'acquire') {
            const got = registry.acquire(key, name)
            expect(['closing', 'closed']).not.toContain(got.session.state.name)
            const alike = out.filter((other) => other.key === key && other.name === name)
            const usable = alike.filter(({ session }) => !['closing', 'closed'].includes(session.state.name))
            for (const other of usable) expect(other.session).toBe(got.session)
            out.push(got)
          } else if (act === 'tie') registry.tie(key, () => ++tied)
          else if (act === 'cut') socket?.cut()
          else if (act === 'goodbye') socket?.close(1000)
          else if (act === 'close') void lease?.session.close()
          else if (act === 'dispose') lease?.session.dispose()
          else if (lease) {
            out.splice(out.indexOf(lease), 1)
            lease.release()
            lease.release()
          }
          await clock.advance(thenMs)
          expect(registry.stats().leases).toBe(out.length)
          for (const held of out) expect(registry.has(held.key)).toBe(true)
        }
        for (const lease of out.splice(0)) lease.release()
        await clock.advance(5_000)
        if (lingerMs !== Number.POSITIVE_INFINITY) expect(registry.stats().keys).toBe(0)
        endRegistry(world)
        expect(tied).toBe(steps.filter(({ act }) => act === 'tie').length)
        expect(told.length).toBe(registry.stats().idled)
        const count = (sign: string) => notes.filter((note) => note.startsWith(sign)).length
        expect([count('+'), count('again')]).toEqual([count('-'), 0])
      },
    ),
    { numRuns: 150 },
  )
})

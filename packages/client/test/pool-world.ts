import { afterEach, expect } from 'vitest'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { type PoolOptions, pool, type SessionPool } from '../src/pool/index.ts'
import { type FakeServer, type FakeServerOptions, fakeServer, ManualClock } from '../src/testing/index.ts'
import { nothingHeld } from './world.ts'

/** A pool, the server of its sessions, and their clock. */
export interface PoolWorld {
  readonly clock: ManualClock
  readonly server: FakeServer
  readonly pool: SessionPool
  /** Every session that was ever opened, oldest first. */
  readonly sessions: readonly Session[]
  /** What the pool told, as words. */
  readonly told: readonly string[]
  /** Sessions that are not over. */
  readonly living: () => readonly Session[]
  /** The connections that the server has now. */
  readonly connections: () => FakeServer['sockets']
}

export interface PoolWorldOptions extends Partial<PoolOptions> {
  readonly server?: Partial<FakeServerOptions>
  readonly session?: SessionOptions
  /** Instead of a session of the fake server. */
  readonly open?: (plain: () => Session) => Session
}

const worlds: Pick<PoolWorld, 'pool' | 'sessions'>[] = []

// Registered after the leak check of the setup file, so it runs before it.
afterEach(() => {
  for (const world of worlds.splice(0)) endPool(world)
})

/** Lets sessions ask, as in Node: the server of these tests answers `ping`. */
export const canAsk: SessionOptions = {
  heartbeat: { ping: () => 'ping', isPong: (message) => message === 'pong' },
}

/** Opens a pool on a server in memory. Every draw is 0.5, so delays are half of their upper end and 5 % jitter is taken. */
export function openPool({ server: serving, session, open, ...options }: PoolWorldOptions = {}): PoolWorld {
  const clock = new ManualClock()
  const server = fakeServer({ clock, latencyMs: 5, ...serving })
  server.onConnection((socket) =>
    socket.onMessage((message) => {
      if (message === 'ping') socket.send('pong')
    }),
  )
  const sessions: Session[] = []
  const plain = () => {
    const { createSocket } = server
    const made = connect('ws://server.test/', {
      clock,
      random: () => 0.5,
      createSocket,
      ...canAsk,
      ...session,
    })
    sessions.push(made)
    return made
  }
  const made = pool(() => open?.(plain) ?? plain(), { clock, random: () => 0.5, ...options })
  const told: string[] = []
  made.on('joined', () => told.push('joined'))
  made.on('left', ({ reason }) => told.push(`left ${reason}`))
  worlds.push({ pool: made, sessions })
  return {
    clock,
    server,
    pool: made,
    sessions,
    told,
    living: () => sessions.filter(({ state }) => state.name !== 'closed'),
    connections: () => server.sockets.filter(({ closed }) => closed === undefined),
  }
}

/** Ends it, and looks whether anything is still held. */
export function endPool({ pool, sessions }: Pick<PoolWorld, 'pool' | 'sessions'>): void {
  pool.dispose()
  expect(pool.resources).toEqual(nothingHeld)
  for (const session of sessions) {
    expect(session.state.name).toBe('closed')
    expect({ ...session.resources, closing: 0 }).toEqual(nothingHeld)
  }
}

/** Gives what a promise came to, once it did: `undefined` while it is pending. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const result: { value?: T; error?: unknown } = {}
  promise.then(
    (value) => (result.value = value),
    (error: unknown) => (result.error = error),
  )
  return result
}

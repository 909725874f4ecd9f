import { type BreakerOptions, circuitBreaker, type CircuitBreaker } from '../src/breaker/index.ts'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { type FakeServer, fakeServer, ManualClock } from '../src/testing/index.ts'
import { endWithTest } from './end-with-test.ts'

/** What the server does with dials. `drop`: it takes them and lets them go at once. */
export type Mood = 'up' | 'down' | 'hang' | 'drop'

/** Sessions on one server, under one breaker. */
export interface BreakerWorld {
  readonly clock: ManualClock
  readonly breaker: CircuitBreaker
  readonly server: FakeServer
  readonly sessions: Session[]
  /** The states that the circuit went through. */
  readonly told: string[]
  mood: Mood
  /** Opens one more session. */
  open(options?: SessionOptions): Session
}

/** Nothing random unless asked for: every draw is 0.5. Everything ends with the test. */
export function breakerWorld(options: Partial<BreakerOptions> = {}): BreakerWorld {
  const clock = new ManualClock()
  const random = () => 0.5
  const breaker = endWithTest(circuitBreaker({ clock, random, ...options }))
  const told: string[] = []
  breaker.on('state', ({ state }) =>
    told.push(
      state.name === 'open' ? `open ${state.reason}` : state.name === 'closed' ? 'closed' : state.probe,
    ),
  )
  const server = fakeServer({
    clock,
    latencyMs: 10,
    onDial: () => (world.mood === 'down' ? 'refuse' : world.mood === 'hang' ? 'hang' : 'accept'),
  })
  server.onConnection((socket) => {
    if (world.mood === 'drop') socket.cut()
  })
  const world: BreakerWorld = {
    clock,
    breaker,
    server,
    sessions: [],
    told,
    mood: 'up',
    open: (own = {}) => {
      const session = endWithTest(
        connect('ws://server.test', {
          clock,
          random,
          plugs: [breaker.plug],
          createSocket: server.createSocket,
          backoff: { baseMs: 100, capMs: 400 },
          heartbeat: false,
          ...own,
        }),
      )
      world.sessions.push(session)
      return session
    },
  }
  return world
}

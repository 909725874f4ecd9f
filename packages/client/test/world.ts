import { Scope } from '@holdfast/lifetime'
import { afterEach, vi } from 'vitest'
import {
  type Address,
  connect,
  type Incoming,
  type Provided,
  type Session,
  type SessionEnd,
  type SessionError,
  type SessionOptions,
  type State,
  type StateChange,
} from '../src/index.ts'
import { type FakeServer, type FakeServerOptions, fakeServer, ManualClock } from '../src/testing/index.ts'

/** One session, its server and their clock, and everything the session told, in order. */
export interface World {
  readonly clock: ManualClock
  readonly server: FakeServer
  readonly session: Session
  readonly changes: StateChange[]
  readonly messages: Incoming[]
  readonly errors: SessionError[]
  readonly ends: SessionEnd[]
  /** The names of the states it was told of, with repetitions left out. */
  readonly path: () => string[]
  /** The delays it waited, in milliseconds. */
  readonly delays: () => number[]
}

export interface WorldOptions extends Omit<SessionOptions, 'clock'> {
  readonly url?: Provided<Address>
  readonly server?: Partial<FakeServerOptions>
  readonly clock?: ManualClock | undefined
}

const made: { end(): void }[] = []

// Registered after the leak check of the setup file, so it runs before it.
afterEach(() => {
  for (const one of made.splice(0)) one.end()
  // Only now: what has just ended gave back its listeners to the globals of the test.
  vi.unstubAllGlobals()
})

/** Opens a session on a server in memory. Nothing random: every draw is 0.5, so delays are half of their upper end. */
export function openWorld(options: WorldOptions = {}): World {
  const {
    url = 'ws://server.test/',
    server: serverOptions,
    clock = new ManualClock(),
    ...own
  }: WorldOptions = options
  const server = fakeServer({ clock, ...serverOptions })
  const session = connect(url, {
    clock,
    createSocket: server.createSocket,
    random: () => 0.5,
    ...own,
  })
  made.push({ end: () => session.dispose() })
  const changes: StateChange[] = []
  const messages: Incoming[] = []
  const errors: SessionError[] = []
  const ends: SessionEnd[] = []
  session.on('state', (change) => changes.push(change))
  session.on('message', (message) => messages.push(message))
  session.on('error', (error) => errors.push(error))
  session.on('closed', (end) => ends.push(end))
  const names = () => changes.map(({ state }) => state.name)
  return {
    clock,
    server,
    session,
    changes,
    messages,
    errors,
    ends,
    path: () => names().filter((name, at) => name !== names()[at - 1]),
    delays: () => changes.flatMap(({ state }) => (state.name === 'waiting' ? [state.delayMs] : [])),
  }
}

/** Opens a session and waits until it is open. */
export async function openedWorld(options: WorldOptions = {}): Promise<World> {
  const world = openWorld(options)
  await world.clock.advance(0)
  stateOf(world, 'open')
  return world
}

/** Opens a scope that ends with the test. */
export function openScope(clock = new ManualClock()): Scope {
  const scope = new Scope(clock)
  made.push(scope)
  return scope
}

/** Gives the state of the session, which must have this name. */
export function stateOf<Name extends State['name']>(
  { session }: Pick<World, 'session'>,
  name: Name,
): Extract<State, { name: Name }> {
  const { state } = session
  if (state.name !== name) throw new Error(`the session is ${state.name}, not ${name}`)
  return state as Extract<State, { name: Name }>
}

export const nothingHeld = { timers: 0, listeners: 0, sockets: 0, closing: 0 }

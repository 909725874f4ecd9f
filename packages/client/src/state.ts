import type { Cause, Phase } from './cause.ts'

/** Alive and not trying: not started, paused, hidden, or out of attempts. Queue and listeners stay. */
export interface Idle {
  readonly name: 'idle'
  readonly cause: Cause
}

/** Trying: attempt `attempt` since the last healthy connection, counted from 1. */
export interface Connecting {
  readonly name: 'connecting'
  readonly attempt: number
  readonly phase: Phase
}

/** Connected. `resumed` is `'first'` for the first connection; after it, whether the server's session was continued. */
export interface Open {
  readonly name: 'open'
  /** Epoch ms at which it opened. */
  readonly since: number
  readonly resumed: 'first' | boolean
  /** The subprotocol the server chose, `''` if none. */
  readonly protocol: string
}

/** Between two attempts: attempt `attempt` starts at `retryAt` (epoch ms), `delayMs` after the wait began. */
export interface Waiting {
  readonly name: 'waiting'
  readonly attempt: number
  readonly retryAt: number
  readonly delayMs: number
  readonly cause: Cause
}

/** `close()` is under way; it is over at `deadline` (epoch ms) at the latest. */
export interface Closing {
  readonly name: 'closing'
  readonly deadline: number
  /** What the server is told. */
  readonly code: number
  readonly reason: string
}

/** Over for good. */
export interface Closed {
  readonly name: 'closed'
  readonly cause: Cause
}

/** Where a session is. A value: the same object until it changes. */
export type State = Idle | Connecting | Open | Waiting | Closing | Closed

/**
 * What happened to a session, named after the state that it asks for; `phase` is a step within `connecting`. Delays arrive drawn,
 * times arrive told: deciding needs no clock and no dice.
 */
export type StateEvent =
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'phase'; readonly phase: Phase }
  | ({ readonly type: 'open' } & Omit<Open, 'name'>)
  | ({ readonly type: 'waiting' } & Omit<Waiting, 'name'>)
  | { readonly type: 'idle'; readonly cause: Cause }
  | ({ readonly type: 'closing' } & Omit<Closing, 'name'>)
  | { readonly type: 'closed'; readonly cause: Cause }

/** The diagram: from each state, the other states it may move to. */
export interface Moves {
  idle: 'connecting' | 'waiting' | 'closed'
  connecting: 'open' | 'waiting' | 'idle' | 'closed'
  open: 'waiting' | 'idle' | 'closing' | 'closed'
  waiting: 'connecting' | 'idle' | 'closed'
  closing: 'closed'
  closed: never
}

type Name = State['name']
type In<N extends Name> = Extract<State, { name: N }>
type Of<T extends StateEvent['type']> = Extract<StateEvent, { type: T }>

/** What each event does in one state: stay in it, or move where the diagram allows. What is not listed changes nothing. */
export type Row<N extends Name> = {
  readonly [T in StateEvent['type']]?: (event: Of<T>, from: In<N>) => In<N> | In<Moves[N]>
}

/** Enters the state that the event is named after, with its data. */
const enter = <N extends Name>({ type, ...data }: { readonly type: N } & Omit<In<N>, 'name'>): In<N> =>
  ({ name: type, ...data }) as unknown as In<N>

const start = ({ type, attempt }: Of<'connecting'>): Connecting => ({ name: type, attempt, phase: 'admit' })

const rows: { readonly [N in Name]: Row<N> } = {
  idle: {
    connecting: start,
    waiting: enter,
    // The user's own pause stays when the page is back; what stopped by itself goes on then.
    idle: (event, from) =>
      event.cause.kind === 'paused' && from.cause.kind !== 'paused' ? enter(event) : from,
    closed: enter,
  },
  connecting: {
    phase: ({ phase }, from) => (phase === from.phase ? from : { ...from, phase }),
    open: enter,
    waiting: enter,
    idle: enter,
    closed: enter,
  },
  open: { waiting: enter, idle: enter, closing: enter, closed: enter },
  waiting: { connecting: start, waiting: enter, idle: enter, closed: enter },
  closing: { closed: enter },
  closed: {},
}

/** Tells the state after `event`, or the very same object when the event means nothing there. Pure. */
export function next(from: State, event: StateEvent): State {
  const row = rows[from.name] as {
    readonly [type: string]: ((event: StateEvent, from: State) => State) | undefined
  }
  return row[event.type]?.(event, from) ?? from
}

/** Which of the two scopes a move ends: that of the state it leaves, and that of the connection as well. */
export function scopesEndedBy(from: State, to: State): 'none' | 'state' | 'both' {
  if (from === to || (from.name === 'connecting' && to.name === 'connecting')) return 'none'
  return to.name === 'open' || to.name === 'closing' ? 'state' : 'both'
}

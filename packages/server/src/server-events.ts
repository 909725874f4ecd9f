import type { Connection, ConnectionClosed } from './connection.ts'
import type { RefusalReason } from './counters.ts'
import type { ServerState } from './state.ts'

/** An upgrade that was refused. */
export interface Refused {
  readonly reason: RefusalReason
  /** The HTTP status it was answered with. */
  readonly status: number
  /** The request target without its query; `undefined` when there was no readable request. */
  readonly path: string | undefined
  readonly origin: string | undefined
  readonly remoteAddress: string
}

/** Somebody named a session and could not prove to be its owner: a copied token, or a client with a mix-up. */
export interface SessionAlarm {
  /** The session's `id`, as in logs. It goes on undisturbed. */
  readonly session: string
  /** What was wrong: the token, or who presented it. */
  readonly reason: 'token' | 'principal'
  /** The `id` of the connection it came from. */
  readonly connection: string
}

/** What a server tells. */
export interface ServerEvents {
  /** Every change of state. */
  state: { readonly state: ServerState; readonly previous: ServerState }
  /** A connection was accepted; before the handler gets it. */
  connection: Connection
  /** A connection ended; before its own `closed`. */
  closed: { readonly connection: Connection } & ConnectionClosed
  refused: Refused
  /** A client answered a ping. */
  pong: {
    /** The round-trip time, in milliseconds. */
    readonly rttMs: number
  }
  /** A session was named by somebody who is not its owner. */
  alarm: SessionAlarm
  /**
   * User code failed: the handler, a listener of a connection or a session, `verify`, `protocols`, `authenticate`. Without a listener it goes to the
   * logger, and without that it becomes a process warning.
   */
  error: { readonly error: unknown }
}

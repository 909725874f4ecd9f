import type { Limits } from './limits.ts'
import type { LossReason } from './loss-reason.ts'

/** The subprotocol both ends name when the WebSocket opens (RFC 6455 section 1.9). */
export const subprotocol = 'holdfast.v1'

/** The version number this code speaks. */
export const version = 1

/** Optional frames this code knows, as listed in `ext` of HELLO and WELCOME. */
export const extensions: readonly string[] = ['auth']

/** First frame of every connection, client to server. */
export interface Hello {
  readonly kind: 'hello'
  /** Versions the client speaks. */
  readonly versions: readonly number[]
  /** Session to continue; null asks for a new one. */
  readonly sid: string | null
  /** Token of that session; null exactly when `sid` is. */
  readonly token: string | null
  /** Attempt number, strictly increasing: the order of the fence. */
  readonly attempt: number
  /** Number of the last server message the client accepted. */
  readonly rx: number
  /** Number of the last server message the client has handled; at most `rx`. */
  readonly ack: number
  /** What the client accepts. */
  readonly limits: Limits
  /** Credentials, in whatever shape the application uses. */
  readonly auth?: unknown
  /** Random id of the client instance, for logs. */
  readonly cid: string
  /** What the client calls itself, for logs. */
  readonly agent?: string
  /** Optional frames the client understands. */
  readonly ext: readonly string[]
  /** The application's own subprotocols, in order of preference. */
  readonly proto: readonly string[]
}

/** How far the end that ended a session had come: `lack` handled, `lrx` accepted. */
export interface LastCounts {
  readonly lack: number
  readonly lrx: number
}

/** The server's answer to HELLO. */
export interface Welcome {
  readonly kind: 'welcome'
  readonly sid: string
  readonly token: string
  /** True when the session goes on; false when `sid` is a new one. */
  readonly resumed: boolean
  /** Why the session the client asked for could not go on. */
  readonly lost?: LossReason
  /** What is known of the lost session. */
  readonly last?: LastCounts
  readonly rx: number
  readonly ack: number
  /** How often the server pings, in milliseconds; 0 = never. */
  readonly pingMs: number
  /** How long the server lets a connection be silent, in milliseconds; 0 = for ever. */
  readonly idleMs: number
  /** How long the server keeps the session without a connection, in milliseconds. */
  readonly ttlMs: number
  /** Bound of the random delay before the first dial after an unplanned loss, in milliseconds. */
  readonly spreadMs: number
  /** What the server accepts. */
  readonly limits: Limits
  /** Optional frames both ends understand. */
  readonly ext: readonly string[]
  /** The application's own subprotocol, chosen by the server. */
  readonly proto?: string
  /** How long the credentials hold from now, in milliseconds. */
  readonly expiresMs?: number
}

/** Counts alone, or with the echo value of a heartbeat. */
export interface Ack {
  readonly kind: 'ack'
  /** Number of the last message of the other end that was handled. */
  readonly ack: number
  /** Number of the last message put on this connection before this frame. */
  readonly tx: number
}
export interface Beat {
  readonly kind: 'ping' | 'pong'
  readonly ack: number
  readonly tx: number
  /** Chosen by who pings, repeated in the answer. */
  readonly value: number
}

/** Asks the client to come back on another connection at a random moment in [after, after + spread]. */
export interface GoAway {
  readonly kind: 'goaway'
  readonly afterMs: number
  readonly spreadMs: number
  readonly why?: string
}

/** Ends the session for good. Its sender delivers nothing that arrives later, so its counts are final. */
export interface Bye {
  readonly kind: 'bye'
  readonly code: number
  readonly ack: number
  readonly rx: number
}

/** Precedes an abnormal close; with `end` it ends the session too. */
export interface ErrorFrame {
  readonly kind: 'error'
  readonly code: number
  /** Come back no earlier than this, in milliseconds. */
  readonly retryMs?: number
  readonly message?: string
  readonly end?: boolean
  /** With `end`: why. */
  readonly lost?: LossReason
  /** With `end`, when the counts can be believed. */
  readonly last?: LastCounts
  /** Number of the message that was too large. */
  readonly number?: number
  /** With 4412: the attempt the server knows. */
  readonly attempt?: number
}

/** Fresh credentials, client to server; extension `auth`. */
export interface Refresh {
  readonly kind: 'refresh'
  readonly auth: unknown
}

/** How long the credentials hold from now, server to client; extension `auth`. */
export interface Expiry {
  readonly kind: 'expiry'
  readonly expiresMs: number
}

/** Everything that begins with DLE and is not data. */
export type ControlFrame = Hello | Welcome | Ack | Beat | GoAway | Bye | ErrorFrame | Refresh | Expiry

/** Says that a text is no frame of this protocol, and what is wrong; the text itself is not repeated. */
export interface Violation {
  readonly kind: 'violation'
  readonly what: 'letter' | 'number' | 'json' | 'member' | 'size'
  readonly detail: string
}

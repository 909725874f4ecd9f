import type { LossReason } from './loss-reason.ts'

/** The subprotocol both ends name when the WebSocket opens (RFC 6455 section 1.9). */
export const subprotocol = 'holdfast.v1'

/** The version number this code speaks. */
export const version = 1

/** Optional frames this code knows, as listed in `ext` of HELLO and WELCOME. */
export const extensions: readonly string[] = ['auth', 'batch']

// Members have the names they have on the wire; sections 1 and 2 of PROTOCOL.md say what each means. All times are ms.

/** How far the end that ended a session had come: `lack` handled, `lrx` accepted. */
export interface LastCounts {
  readonly lack: number
  readonly lrx: number
}

/** What an end accepts, as HELLO and WELCOME say it: largest message, and [messages, bytes] under way. */
export interface WireLimits {
  readonly max: number
  readonly win: readonly number[]
}

/** First frame of every connection, client to server. */
export interface Hello extends WireLimits {
  readonly kind: 'hello'
  readonly v: readonly number[]
  readonly sid: string | null
  readonly tok: string | null
  readonly att: number
  readonly rx: number
  readonly ack: number
  readonly auth?: unknown
  readonly cid: string
  readonly ua?: string | undefined
  readonly ext?: readonly string[] | undefined
  readonly proto?: readonly string[] | undefined
}

/** The server's answer to HELLO. */
export interface Welcome extends WireLimits, Partial<LastCounts> {
  readonly kind: 'welcome'
  readonly v: 1
  readonly sid: string
  readonly tok: string
  readonly res: boolean
  /** A `LossReason`, or a word of a later version. */
  readonly lost?: string | undefined
  readonly rx: number
  readonly ack: number
  readonly ping: number
  readonly idle: number
  readonly ttl: number
  readonly spread: number
  readonly ext?: readonly string[] | undefined
  readonly proto?: string | undefined
  readonly exp?: number | undefined
}

/** Counts alone. */
export interface Ack {
  readonly kind: 'ack'
  readonly ack: number
  readonly tx: number
}

/** Counts with the echo value of a heartbeat. */
export interface Beat {
  readonly kind: 'ping' | 'pong'
  readonly ack: number
  readonly tx: number
  readonly n: number
}

/** Asks the client to come back on another connection at a random moment in [after, after + spread]. */
export interface GoAway {
  readonly kind: 'goaway'
  readonly after: number
  readonly spread: number
  readonly why?: string | undefined
}

/** Ends the session for good. Its sender delivers nothing that arrives later, so its counts are final. */
export interface Bye {
  readonly kind: 'bye'
  readonly code: number
  readonly ack: number
  readonly rx: number
}

/** Precedes an abnormal close; with `end` it ends the session too. */
export interface ErrorFrame extends Partial<LastCounts> {
  readonly kind: 'error'
  readonly code: number
  readonly retry?: number | undefined
  readonly msg?: string | undefined
  readonly end?: boolean | undefined
  /** A `LossReason`, or a word of a later version. */
  readonly lost?: LossReason | (string & {}) | undefined
  readonly n?: number | undefined
  readonly att?: number | undefined
}

/** Fresh credentials, client to server; extension `auth`. */
export interface Refresh {
  readonly kind: 'refresh'
  readonly auth?: unknown
}

/** How long the credentials hold from now, server to client; extension `auth`. */
export interface Expiry {
  readonly kind: 'expiry'
  readonly exp: number
}

/** Control frames whose members are a JSON object. */
export type JsonFrame = Hello | Welcome | GoAway | Bye | ErrorFrame | Refresh | Expiry

/** Several text messages, each counted by itself; extension `batch`. */
export interface Batch {
  readonly kind: 'batch'
  readonly payloads: readonly string[]
}

/** Everything that begins with DLE and carries no message. */
export type ControlFrame = JsonFrame | Ack | Beat

/** Everything that may begin with DLE and is not one message. */
export type Frame = ControlFrame | Batch

/** Says that a text is no frame that may come here, and what is wrong; the text itself is not repeated. */
export interface Violation {
  readonly kind: 'violation'
  readonly what: 'letter' | 'number' | 'json' | 'member' | 'size'
  readonly detail: string
}

/** Says in a few words what a frame is, or what is wrong with it. */
export function detailOf(frame: Frame | Violation): string {
  return frame.kind === 'violation' ? frame.detail : frame.kind
}

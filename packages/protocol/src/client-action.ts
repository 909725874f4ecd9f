import type { ExchangeTimer } from './exchange.ts'
import type { HandBack } from './hand-back.ts'
import type { LossReason } from './loss-reason.ts'
import type { Payload } from './outgoing.ts'

/** What a WELCOME says beyond the counts. */
export interface Terms {
  /** How often the server pings, in milliseconds; 0 = never. */
  readonly pingMs: number
  /** How long the server lets a connection be silent, in milliseconds; 0 = for ever. */
  readonly idleMs: number
  /** How long the server keeps the session without a connection, in milliseconds. */
  readonly ttlMs: number
  /** Bound of the random delay before the first dial after an unplanned loss, in milliseconds. */
  readonly spreadMs: number
  /** Largest message the server takes, in bytes. */
  readonly maxBytes: number
  /** The application's own subprotocol, chosen by the server. */
  readonly proto: string | undefined
  /** How long the credentials hold from now, in milliseconds. */
  readonly expiresMs: number | undefined
  /** True when `refresh` may be used on this connection. */
  readonly canRefresh: boolean
}

/** What a WELCOME means for the session: exactly one per connection that goes live, before its first message. */
export type Outcome<Entry> =
  | { readonly name: 'first' }
  | { readonly name: 'resumed' }
  | { readonly name: 'gap'; readonly reason: LossReason; readonly handBack: HandBack<Entry> }

/**
 * What a client core asks its surroundings to do, in this order. `attempt` says on which connection; an action for a
 * connection that is gone may be dropped.
 */
export type ClientAction<Entry> =
  | { readonly type: 'send'; readonly attempt: number; readonly data: Payload }
  | { readonly type: 'close'; readonly attempt: number; readonly code: number }
  | { readonly type: 'arm'; readonly timer: ExchangeTimer; readonly delayMs: number }
  | { readonly type: 'disarm'; readonly timer: ExchangeTimer }
  | {
      readonly type: 'welcomed'
      readonly sid: string
      readonly outcome: Outcome<Entry>
      readonly terms: Terms
    }
  | { readonly type: 'deliver'; readonly sid: string; readonly number: number; readonly payload: Payload }
  | { readonly type: 'acked'; readonly entries: readonly Entry[]; readonly upTo: number }
  | { readonly type: 'room' }
  | { readonly type: 'pong'; readonly value: number }
  | {
      readonly type: 'goaway'
      readonly afterMs: number
      readonly spreadMs: number
      readonly why: string | undefined
    }
  | { readonly type: 'credentials'; readonly expiresMs: number }
  | { readonly type: 'lost'; readonly reason: LossReason; readonly detail: string }
  | {
      readonly type: 'failed'
      readonly attempt: number
      readonly code: number
      readonly retryMs: number | undefined
      readonly message: string | undefined
    }
  | { readonly type: 'superseded'; readonly handBack: HandBack<Entry> }
  | {
      readonly type: 'ended'
      readonly by: 'us' | 'peer'
      readonly code: number
      readonly answered: boolean
      readonly handBack: HandBack<Entry>
    }

import type { ExchangeAction } from './exchange.ts'
import type { Welcome } from './frame.ts'
import type { HandBack } from './hand-back.ts'
import type { LossReason } from './loss-reason.ts'
import type { Payload } from './outgoing.ts'

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
  /** Timers, deliveries, acknowledged messages, and room for more. */
  | ExchangeAction<Entry>
  /** `welcome` says how often the server pings, how long it keeps the session, what it accepts: section 2 of PROTOCOL.md. */
  | {
      readonly type: 'welcomed'
      readonly sid: string
      readonly outcome: Outcome<Entry>
      readonly welcome: Welcome
    }
  | { readonly type: 'pong'; readonly value: number }
  | {
      readonly type: 'goaway'
      readonly afterMs: number
      readonly spreadMs: number
      readonly why: string | undefined
    }
  | { readonly type: 'credentials'; readonly expiresMs: number }
  | { readonly type: 'lost'; readonly reason: LossReason; readonly detail: string | undefined }
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

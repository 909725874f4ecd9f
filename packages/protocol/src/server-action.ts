import type { ExchangeAction, ExchangeTimer } from './exchange.ts'
import type { Hello } from './frame.ts'
import type { HandBack } from './hand-back.ts'
import type { LossReason } from './loss-reason.ts'
import type { Payload } from './outgoing.ts'
import type { AttachRequest, StoreWrite } from './session-store.ts'

/**
 * Names a timer: `hello` belongs to a connection; those of an exchange, `ttl` (kept without a connection) and `bye` (answer to
 * BYE) belong to a session.
 */
export type ServerTimer =
  | { readonly name: 'hello'; readonly connection: number }
  | { readonly name: ExchangeTimer | 'ttl' | 'bye'; readonly sid: string }

/**
 * What a server core asks its surroundings to do, in this order. An action for a connection that is gone may be dropped.
 * Arming a timer that runs already starts it anew.
 */
export type ServerAction<Entry> =
  | { readonly type: 'send'; readonly connection: number; readonly data: Payload }
  | { readonly type: 'close'; readonly connection: number; readonly code: number; readonly reason: string }
  | { readonly type: 'arm'; readonly timer: ServerTimer; readonly delayMs: number }
  | { readonly type: 'disarm'; readonly timer: ServerTimer }
  /** Find out who this is, then call `authenticated`. */
  | { readonly type: 'authenticate'; readonly connection: number; readonly hello: Hello }
  /** Find out whether the new credentials are good, then call `reauthenticated`. */
  | {
      readonly type: 'reauthenticate'
      readonly connection: number
      readonly sid: string
      readonly auth: unknown
    }
  /** Hand the request to the store, then call `attached` with its answer. */
  | { readonly type: 'attach'; readonly connection: number; readonly request: AttachRequest }
  | { readonly type: 'store'; readonly write: StoreWrite }
  /** A session exists for the application from here on. */
  | {
      readonly type: 'opened'
      readonly sid: string
      readonly principal: string | null
      readonly proto: string | undefined
    }
  /** A session goes on, on this connection. */
  | { readonly type: 'attached'; readonly sid: string; readonly connection: number }
  | { readonly type: 'detached'; readonly sid: string; readonly connection: number }
  | { readonly type: 'deliver'; readonly sid: string; readonly number: number; readonly payload: Payload }
  | {
      readonly type: 'acked'
      readonly sid: string
      readonly entries: readonly Entry[]
      readonly upTo: number
    }
  | { readonly type: 'pong'; readonly sid: string; readonly value: number }
  /** Timers, deliveries, acknowledged messages. */
  | Exclude<ExchangeAction<Entry>, { type: 'room' }>
  /** Somebody presented a token that is not, or no longer, that of the session. */
  | { readonly type: 'alarm'; readonly sid: string; readonly reason: 'token' | 'principal' }
  | {
      readonly type: 'ended'
      readonly sid: string
      readonly reason: LossReason
      readonly handBack: HandBack<Entry>
    }
  /** The session is over here, and goes on at another server: what was still held, oldest first. */
  | { readonly type: 'moved'; readonly sid: string; readonly entries: readonly Entry[] }

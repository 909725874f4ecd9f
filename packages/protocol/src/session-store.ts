import type { Hello, LastCounts } from './frame.ts'
import type { InboxState } from './inbox.ts'
import type { Limits } from './limits.ts'
import type { LossReason } from './loss-reason.ts'
import type { OutboxState } from './outbox-state.ts'

/**
 * How much the client has shown to know of its token: nothing yet (`unconfirmed`, the application has not heard of the
 * session), the one before (`rotating`), or this one (`confirmed`).
 */
export type Stage = 'unconfirmed' | 'rotating' | 'confirmed'

/** A session at rest: plain data, no methods, so that any store can hold it. */
export interface SessionRecord<Entry> {
  readonly sid: string
  /** Who the session belongs to; null for a client that did not say. */
  readonly principal: string | null
  /** Grows with every connection: the fence for a store that several nodes share. */
  gen: number
  /** The newest attempt seen: the fence on the wire. */
  attempt: number
  tokenHash: string
  /** Hash of the token that was presented last, while the one given in exchange is not confirmed. */
  previousHash: string | null
  stage: Stage
  place: 'attached' | 'detached'
  /** What the client accepts. */
  peerLimits: Limits
  readonly outbox: OutboxState<Entry>
  readonly inbox: InboxState
}

/** A HELLO whose sender is known, with the ids for what may come of it. */
export interface AttachRequest {
  readonly hello: Hello
  readonly principal: string | null
  /** Hash of the token in the HELLO; null when there was none. */
  readonly presentedHash: string | null
  /** Id for a new session, should one be needed. Never taken from the client. */
  readonly freshSid: string
  /** Hash of the token that WELCOME will carry. */
  readonly freshTokenHash: string
}

/** Why a session did not go on, and what is known of it. */
export interface Lost {
  readonly reason: LossReason
  readonly last?: LastCounts
}

/** A session that had to end so that another could be attached. */
export interface Displaced {
  readonly sid: string
  readonly reason: LossReason
  /** The client's counts, where they can be believed. */
  readonly last?: LastCounts
}

/** What came of an attach request. */
export type Attachment<Entry> =
  | { readonly kind: 'resumed'; readonly record: SessionRecord<Entry> }
  | {
      readonly kind: 'created'
      readonly record: SessionRecord<Entry>
      readonly lost?: Lost
      readonly displaced: readonly Displaced[]
    }
  | { readonly kind: 'stale'; readonly attempt: number }
  | { readonly kind: 'full'; readonly displaced: readonly Displaced[] }

/** A change that follows from what happened on a connection. A store ignores one for a session it does not hold. */
export type StoreWrite =
  | { readonly op: 'confirmed'; readonly sid: string; readonly gen: number }
  | { readonly op: 'detached'; readonly sid: string; readonly gen: number }
  | { readonly op: 'ended'; readonly sid: string; readonly gen: number; readonly reason: LossReason }

/**
 * Where sessions are kept. `attach` is one atomic step: nothing may change a session between reading and writing it.
 *
 * The record that `attach` returns is the one the server then counts in. A store in the same process shares it, and has
 * nothing more to do. A remote store returns a copy and needs three more calls from the server around the core: `append`
 * before a message is offered, so that nothing is sent that is not kept; `ack` on the action `acked`; `commit` before
 * `settle`.
 */
export interface SessionStore<Entry> {
  attach(request: AttachRequest): Attachment<Entry>
  write(write: StoreWrite): void
}

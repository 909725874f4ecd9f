import type { LossReason } from './loss-reason.ts'
import type { AttachRequest, Attachment, SessionRecord, Stage } from './session-store.ts'

/** What a node asks a shared store to keep of one session, before anything that rests on it leaves the node. */
export interface Batch<Entry> {
  readonly sid: string
  /** The fence: a store that has seen a higher one refuses. */
  readonly gen: number
  /** What the store has confirmed before: a store that knows less has lost something. */
  readonly kept: { readonly tx: number; readonly handled: number }
  /** Messages numbered since, in order; the first has the number `first`. The store may have some already, from a try whose answer was lost. */
  readonly first: number
  readonly entries: readonly Entry[]
  /** Posts (messages from other nodes) that were given one of these numbers: no longer waiting. */
  readonly taken: readonly string[]
  readonly acked: number
  /** At least as high as any number that was put on a connection once this batch is kept. */
  readonly hi: number
  readonly handled: number
  readonly rx: number
  readonly stage: Stage
  readonly place: 'attached' | 'detached'
  /** The session is over, for this reason. */
  readonly ended: LossReason | undefined
}

/** What a shared store says to a batch. */
export type BatchAnswer =
  /** It is kept. `waiting`: posts that nobody has taken yet. */
  | { readonly kind: 'kept'; readonly waiting: number }
  /** Another attach has happened since: this node has nothing to say any more. */
  | { readonly kind: 'fenced' }
  /** The session is over already. */
  | { readonly kind: 'ended'; readonly reason: LossReason }
  /** The store does not have what it has confirmed, or not any more. */
  | { readonly kind: 'lost' }

/** What came of an attach request at a shared store. */
export type SharedAttachment<Entry> =
  | Exclude<Attachment<Entry>, { readonly kind: 'resumed' }>
  | {
      readonly kind: 'resumed'
      readonly record: SessionRecord<Entry>
      /** The generation that this one follows: who holds the session under another one holds old counts. */
      readonly previousGen: number
    }

/**
 * A store outside of the process, which several nodes share. Both methods are atomic, may be tried again after a failure, and
 * refuse whoever does not hold the newest generation.
 */
export interface SharedStorage<Entry> {
  attach(request: AttachRequest): Promise<SharedAttachment<Entry>>
  keep(batch: Batch<Entry>): Promise<BatchAnswer>
}

import type { LossReason } from './loss-reason.ts'
import type { Outgoing } from './outgoing.ts'
import type { ServerAction } from './server-action.ts'
import type { SessionRecord, StoreWrite } from './session-store.ts'
import type { Batch } from './shared-store.ts'

/** What others can see of a session, and must not see before the store has kept what it rests on. */
export type HeldAction<Entry> = Extract<ServerAction<Entry>, { readonly type: 'send' | 'close' | 'ended' }>

type Phase<Entry> =
  | { readonly name: 'idle' }
  /** The store has been asked to keep what these first actions rest on. */
  | { readonly name: 'asking'; readonly batch: Batch<Entry>; readonly actions: number }

/**
 * Lets a session run ahead of a store that other nodes share: the session counts at once, as with a store in memory, and what
 * it wants to send, close or say about its end is held here until the store has kept the counts and messages behind it. One batch
 * is under way at a time, so that what happens meanwhile goes into the next.
 */
export class HeldOutput<Entry extends Outgoing> {
  /** The session counts in this record. */
  readonly record: SessionRecord<Entry>
  readonly #actions: HeldAction<Entry>[] = []
  readonly #taken: { readonly post: string; readonly number: number }[] = []
  #phase: Phase<Entry> = { name: 'idle' }
  #kept: Batch<Entry>['kept']
  /** Whether something happened since the last batch was made. */
  #news: 'none' | 'some' = 'some'
  /** Highest number in a batch whose fate is not known. */
  #tried: number
  #attaching = 0
  #bytes = 0
  #ended: LossReason | undefined
  readonly #onNews: () => void

  /** `onNews` is called whenever there may be something to `ask`. */
  constructor(record: SessionRecord<Entry>, onNews: () => void) {
    this.record = record
    this.#onNews = onNews
    this.#kept = { tx: record.outbox.tx, handled: record.inbox.handled }
    this.#tried = record.outbox.tx
  }

  /** Messages up to this number are kept: they go on wherever the session does. */
  get keptTx(): number {
    return this.#kept.tx
  }

  /** The highest number that the store may have, although it has not said so. */
  get triedTx(): number {
    return this.#tried
  }

  /** Whether the session is over here, and the store is to be told. */
  get isEnding(): boolean {
    return this.#ended !== undefined
  }

  /** Whether a client of this node is asking for the session: what the store says meanwhile may be about the time before. */
  get isAttaching(): boolean {
    return this.#attaching > 0
  }

  /** Whether the store has all there is. */
  get isIdle(): boolean {
    return this.#phase.name === 'idle' && this.#news === 'none'
  }

  /** Whether, besides, the application is done with everything that came in. */
  get isSettled(): boolean {
    return this.isIdle && this.record.inbox.handled === this.record.inbox.rx
  }

  /** Bytes that wait to be sent. */
  get bytes(): number {
    return this.#bytes
  }

  /** Holds an action until what happened so far is kept. */
  hold(action: HeldAction<Entry>): void {
    this.#actions.push(action)
    this.#bytes += sizeOf(action)
    this.touch()
  }

  /** Notes what follows from a connection's life; what belongs to an older generation does nothing. */
  write(write: StoreWrite): void {
    const { record } = this
    if (record.gen !== write.gen) return
    if (write.op === 'ended') this.#ended ??= write.reason
    else if (write.op === 'detached') record.place = 'detached'
    else {
      record.stage = 'confirmed'
      record.previousHash = null
    }
    this.touch()
  }

  /** Notes that counts or messages may have changed. */
  touch(): void {
    this.#news = 'some'
    this.#onNews()
  }

  /** Notes which number a post was given. */
  took(post: string, number: number): void {
    this.#taken.push({ post, number })
    this.touch()
  }

  /** Posts that were given a number which the store does not know yet. */
  get taken(): number {
    return this.#taken.length
  }

  /** Makes no batch until `attached`: it would carry a generation that may be over when it arrives. */
  attaching(): void {
    this.#attaching += 1
  }

  /** The attach request was answered, or failed. */
  attached(): void {
    this.#attaching -= 1
    this.touch()
  }

  /** Goes on under a new generation of the same node: the counts here are newer than those of the store. */
  adopt({ gen, attempt, tokenHash, previousHash, stage, peerLimits }: SessionRecord<Entry>): void {
    Object.assign(this.record, {
      gen,
      attempt,
      tokenHash,
      previousHash,
      stage,
      peerLimits,
      place: 'attached',
    })
    this.touch()
  }

  /** Returns what the store is to keep now; undefined when there is nothing, or an answer is waited for. */
  ask(): Batch<Entry> | undefined {
    if (this.#phase.name === 'asking' || this.#attaching > 0 || this.#news === 'none') return undefined
    const batch = this.#batch()
    this.#news = 'none'
    this.#tried = Math.max(this.#tried, this.record.outbox.tx)
    this.#phase = { name: 'asking', batch, actions: this.#actions.length }
    return batch
  }

  #batch(): Batch<Entry> {
    const { sid, gen, stage, place, outbox, inbox } = this.record
    const { acked, hi, tx, entries } = outbox
    // A client that acknowledges what it was never sent has freed messages that are not kept; its numbers stay used.
    const from = Math.max(this.#kept.tx, acked)
    return {
      sid,
      gen,
      kept: this.#kept,
      first: from + 1,
      entries: entries.slice(from - acked),
      taken: this.#taken.filter(({ number }) => number <= tx).map(({ post }) => post),
      acked,
      hi,
      handled: inbox.handled,
      rx: inbox.rx,
      stage,
      place,
      ended: this.#ended,
    }
  }

  /** The store has kept the batch: returns what may happen now, in order. */
  kept(): readonly HeldAction<Entry>[] {
    if (this.#phase.name === 'idle') return []
    const { batch, actions } = this.#phase
    this.#phase = { name: 'idle' }
    this.#kept = { tx: batch.first - 1 + batch.entries.length, handled: batch.handled }
    this.#taken.splice(0, batch.taken.length)
    if (this.#news === 'some') this.#onNews()
    return this.#take(actions)
  }

  #take(count: number): readonly HeldAction<Entry>[] {
    const actions = this.#actions.splice(0, count)
    for (const action of actions) this.#bytes -= sizeOf(action)
    return actions
  }

  /** Nothing is known of the batch: the next one carries it again. */
  failed(): void {
    this.#phase = { name: 'idle' }
    this.touch()
  }

  /**
   * The store has forgotten something, or another node has ended the session: what the store may have had may have been sent
   * by another node. Counts it as sent, so that nobody calls it undelivered.
   */
  doubt(): void {
    const { outbox } = this.record
    outbox.hi = Math.max(outbox.hi, Math.min(this.#tried, outbox.tx))
  }

  /** Gives up, and returns what will not happen. */
  drop(): readonly HeldAction<Entry>[] {
    return this.#take(this.#actions.length)
  }
}

/** About what a message takes in a socket's buffer: this is for holding back, not for counting. */
function sizeOf(action: HeldAction<unknown>): number {
  return action.type === 'send' ? action.data.length : 0
}

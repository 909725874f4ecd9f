import type { LastCounts } from './frame.ts'
import { type HandBack, handBack } from './hand-back.ts'
import type { Limits } from './limits.ts'
import { type OutboxState, bytesOf } from './outbox-state.ts'
import type { Outgoing } from './outgoing.ts'

/**
 * Says what keeps an outbox from going on with these counts and limits: `diverged` when the counts cannot belong to it,
 * `too-large` when a message that must be sent again exceeds the other end's new limit.
 */
export function misfitOf(
  outbox: OutboxState<Outgoing>,
  peer: PeerCounts,
  limits: Limits,
): 'diverged' | 'too-large' | undefined {
  const { acked, hi, entries } = outbox
  if (peer.ack < acked || peer.ack > peer.rx || peer.rx > hi) return 'diverged'
  return entries.slice(peer.rx - acked).some((entry) => entry.bytes > limits.maxBytes)
    ? 'too-large'
    : undefined
}

/** Bounds this end sets itself, whatever window the other end opens. */
export interface OutboxBounds {
  readonly maxMessages: number
  readonly maxBytes: number
}

/** What the other end said in the handshake about this direction. */
export interface PeerCounts {
  readonly rx: number
  readonly ack: number
}

/**
 * Numbered messages until the other end has handled them. One cursor, `next`, walks over them in order; on a new
 * connection it steps back to what the other end lacks, so that replay and new messages are the same walk.
 */
export class Outbox<Entry extends Outgoing> {
  readonly #state: OutboxState<Entry>
  #next: number
  /** Bytes of the messages from acked + 1 to next - 1. */
  #outstandingBytes = 0
  /** Bytes of the messages from next to tx. */
  #waitingBytes = 0
  #windowMessages = 0
  #windowBytes = 0

  constructor(state: OutboxState<Entry>) {
    this.#state = state
    this.#next = state.tx + 1
  }

  /** Number of the last message put on this connection: the `tx` of every count. */
  get sent(): number {
    return this.#next - 1
  }

  get acked(): number {
    return this.#state.acked
  }

  /**
   * Starts on a new connection: frees what the other end has handled and puts the cursor behind what it accepted.
   * Returns the freed messages, or what keeps this outbox from going on; then nothing has changed.
   */
  begin(peer: PeerCounts, limits: Limits, bounds: OutboxBounds): readonly Entry[] | 'diverged' | 'too-large' {
    const { acked, entries } = this.#state
    const misfit = misfitOf(this.#state, peer, limits)
    if (misfit !== undefined) return misfit
    this.#windowMessages = Math.min(limits.windowMessages, bounds.maxMessages)
    this.#windowBytes = Math.min(limits.windowBytes, bounds.maxBytes)
    this.#next = peer.rx + 1
    this.#outstandingBytes = bytesOf(entries.slice(0, peer.rx - acked))
    this.#waitingBytes = bytesOf(entries.slice(peer.rx - acked))
    return this.#free(peer.ack)
  }

  /** Numbers a message and returns its number. */
  append(entry: Entry): number {
    this.#state.entries.push(entry)
    this.#state.tx += 1
    this.#waitingBytes += entry.bytes
    return this.#state.tx
  }

  /** Returns the message under the cursor when the window has room for it. */
  peek(): Entry | undefined {
    const outstanding = this.#next - 1 - this.#state.acked
    const entry = this.#state.entries[outstanding]
    const fits = entry !== undefined && this.#hasRoom(outstanding, this.#outstandingBytes + entry.bytes)
    return fits ? entry : undefined
  }

  /** Moves the cursor over the message that `peek` returned: it is on the wire. */
  advance(entry: Entry): void {
    this.#outstandingBytes += entry.bytes
    this.#waitingBytes -= entry.bytes
    this.#state.hi = Math.max(this.#state.hi, this.#next)
    this.#next += 1
  }

  /** Tells whether a new message of this size fits into the window, with all that waits before it. */
  isOpen(bytes: number): boolean {
    return this.#hasRoom(this.#state.entries.length, this.#outstandingBytes + this.#waitingBytes + bytes)
  }

  /** A message larger than the rest of the window may still go alone, or it would never go. */
  #hasRoom(before: number, bytes: number): boolean {
    return before === 0 || (before < this.#windowMessages && bytes <= this.#windowBytes)
  }

  /**
   * Takes a cumulative acknowledgement and returns the messages it frees, or `badack` when it goes backwards or covers
   * a message that this connection has not carried.
   */
  acknowledge(ack: number): readonly Entry[] | 'badack' {
    return ack < this.#state.acked || ack >= this.#next ? 'badack' : this.#free(ack)
  }

  #free(ack: number): readonly Entry[] {
    if (ack === this.#state.acked) return []
    const freed = this.#state.entries.splice(0, ack - this.#state.acked)
    this.#outstandingBytes -= bytesOf(freed)
    this.#state.acked = ack
    return freed
  }

  /** Sorts what is left by fate. */
  handBack(last?: LastCounts): HandBack<Entry> {
    return handBack(this.#state, last)
  }
}

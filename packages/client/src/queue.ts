import type { Clock } from '@holdfast/lifetime'
import type { Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { HoldfastError } from './errors.ts'
import { byteLengthOf, keep, type Message } from './message.ts'

/** What waits, and how much of it. */
export interface QueueOptions {
  /** Messages that may wait. Default 1,000; 0: none, what cannot be sent at once overflows. */
  readonly maxMessages: number
  /** Bytes that may wait. Default 1,048,576. */
  readonly maxBytes: number
  /** Bytes one message may have, waiting or not; a larger one is rejected. Default `Infinity`. */
  readonly maxMessageBytes: number
  /** How long a message may wait, in milliseconds. Default `Infinity`. */
  readonly ttlMs: number
  /** What gives way when the queue is full. Default `'reject'`: the new message, with an error on its receipt. */
  readonly overflow: 'reject' | 'drop-oldest' | 'drop-newest'
  /** Above this many bytes handed to the socket and not yet sent, messages wait here. Default 1,048,576. */
  readonly highWaterBytes: number
  /** `ready()` resolves when no more than this many bytes wait, here and in the socket. Default 262,144. */
  readonly lowWaterBytes: number
}

/** How one message is to be sent. */
export interface SendOptions {
  /** How long it may wait, in milliseconds, at least 1. Default: `queue.ttlMs`. */
  readonly ttlMs?: number
  /** Replaces a waiting message with the same key: the latest wins, and is sent in its own turn. Empty: no key. */
  readonly key?: string
  /** `'drop'`: not sent at all unless the session is open now. Default `'queue'`. */
  readonly whenOffline?: 'queue' | 'drop'
}

/** A message that is handed back, with the receipt that `send` gave for it. */
export interface HandedBack {
  readonly message: Message
  readonly receipt: Receipt
}

/** Messages that the session gives back at its end, each once. */
export interface HandBack {
  /** Certainly not delivered: they never left the queue. */
  readonly undelivered: readonly HandedBack[]
  /** Nothing proves whether they arrived. Always empty in plain mode, where what was written is not kept. */
  readonly uncertain: readonly HandedBack[]
}

/** A message that waits. */
export interface Entry extends HandedBack {
  readonly receipt: ReceiptEntry
  readonly bytes: number
  readonly key: string
  /** Epoch ms after which it is not sent any more. */
  readonly expiresAt: number
}

/** Messages not yet on any wire: bounded by count, bytes and age, in order. Every message that leaves settles its receipt. */
export class Queue {
  readonly #options: QueueOptions
  readonly #clock: Clock
  /** By their keys, or their receipts. Made for the first message that waits, let go of after the last: most sessions have none. */
  #entries = empty
  /** One walk over all messages, of which each step takes one out: a new walk would step over all that were taken before. */
  #walk = noWalk
  readonly #shrunk: () => void
  #bytes = 0

  /** @param shrunk is called when messages were taken out for another reason than to be sent */
  constructor(options: QueueOptions, clock: Clock, shrunk: () => void) {
    this.#options = options
    this.#clock = clock
    this.#shrunk = shrunk
  }

  /** How many messages wait. */
  get size(): number {
    return this.#entries.size
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** The messages that wait, oldest first. */
  entries(): readonly Entry[] {
    return [...this.#entries.values()]
  }

  /**
   * Adds a message, or settles its receipt at once when the bounds do not let it in.
   * @returns when it expires, epoch ms; `Infinity` for never, and when it is not here
   */
  push(message: Message, receipt: ReceiptEntry, { ttlMs, key }: Required<SendOptions>): number {
    const { maxMessages, maxBytes, overflow } = this.#options
    const bytes = byteLengthOf(message)
    /** Looks whether there is room, that of the message which this one replaces included. */
    const fits = () => {
      const replaced = this.#entries.get(key)
      const freed = replaced ? 1 : 0
      return this.size - freed < maxMessages && this.#bytes - (replaced?.bytes ?? 0) + bytes <= maxBytes
    }
    if (overflow === 'drop-oldest' && bytes <= maxBytes)
      while (this.size > 0 && !fits()) this.remove((this.#walk.next() as { value: Entry }).value, 'dropped')
    if (!fits()) {
      if (overflow === 'drop-newest') receipt.settle('dropped')
      else receipt.settle('rejected', this.#full(bytes))
      return Infinity
    }
    const replaced = this.#entries.get(key)
    if (replaced) this.remove(replaced, 'dropped')
    const entry = { message: keep(message), receipt, bytes, key, expiresAt: this.#clock.now() + ttlMs }
    if (this.size === 0) {
      this.#entries = new Map()
      this.#walk = this.#entries.values()
    }
    this.#entries.set(key || receipt, entry)
    this.#bytes += bytes
    return entry.expiresAt
  }

  /** Takes the oldest message for the wire; `undefined` when none waits. */
  shift(): Entry | undefined {
    const now = this.#clock.now()
    while (this.size > 0) {
      const { value: entry } = this.#walk.next() as { value: Entry }
      if (entry.expiresAt > now) return this.#forget(entry)
      this.remove(entry, 'expired')
    }
    return undefined
  }

  /** Takes one message out and settles its receipt. */
  remove(entry: Entry, status: 'dropped' | 'expired' | 'undelivered'): void {
    this.#forget(entry).receipt.settle(status)
    this.#shrunk()
  }

  /** As `SessionQueue.cancel`. */
  cancel(receipt: Receipt): boolean {
    const entry = this.entries().find((one) => one.receipt === receipt)
    if (entry) this.remove(entry, 'dropped')
    return entry !== undefined
  }

  /** As `SessionQueue.clear`; the receipts say `status`. */
  clear(status: 'dropped' | 'undelivered' = 'dropped'): void {
    for (const entry of this.entries()) this.remove(entry, status)
  }

  /** Takes out what has waited too long, and tells when the next message expires, epoch ms. */
  expire(): number {
    const now = this.#clock.now()
    let nextAt = Infinity
    for (const entry of this.entries()) {
      if (entry.expiresAt <= now) this.remove(entry, 'expired')
      else nextAt = Math.min(nextAt, entry.expiresAt)
    }
    return nextAt
  }

  #full(bytes: number): HoldfastError {
    const { maxMessages, maxBytes } = this.#options
    const waiting = `${this.size} of ${maxMessages} messages, ${this.#bytes} of ${maxBytes} bytes wait`
    return new HoldfastError('queue-full', `queue: no room for ${bytes} bytes, ${waiting}`)
  }

  #forget(entry: Entry): Entry {
    this.#entries.delete(entry.key || entry.receipt)
    this.#bytes -= entry.bytes
    if (this.size === 0) {
      this.#entries = empty
      this.#walk = noWalk
    }
    return entry
  }
}

/** What a queue has in which nothing waits; nobody adds to it. */
const empty: Map<unknown, Entry> = new Map()
const noWalk = empty.values()

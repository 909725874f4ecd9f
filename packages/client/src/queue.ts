import type { Clock } from '@holdfast/lifetime'
import type { Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { HoldfastError } from './errors.ts'
import { byteLengthOf, keep, type Message, tooLarge } from './message.ts'

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
  /** Replaces a waiting message with the same key: the latest wins, and is sent in its own turn. */
  readonly key?: string
  /** `'drop'`: not sent at all unless the session is open now. Default `'queue'`. */
  readonly whenOffline?: 'queue' | 'drop'
}

/** A message that is handed back, with the receipt that `send` gave for it. */
export interface HandedBack {
  readonly message: Message
  readonly receipt: Receipt
}

/** A message that waits. */
export interface Entry extends HandedBack {
  readonly receipt: ReceiptEntry
  readonly bytes: number
  readonly key: string | undefined
  /** Epoch ms after which it is not sent any more. */
  readonly expiresAt: number
}

/** Messages not yet on any wire: bounded by count, bytes and age, in order. Every message that leaves settles its receipt. */
export class Queue {
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #entries = new Set<Entry>()
  readonly #byKey = new Map<string, Entry>()
  #bytes = 0

  constructor(options: QueueOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** How many messages wait. */
  get size(): number {
    return this.#entries.size
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** The moment at which the next message expires, epoch ms; `Infinity` when none does. */
  get nextExpiryAt(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { expiresAt } of this.#entries) first = Math.min(first, expiresAt)
    return first
  }

  /** The messages that wait, oldest first. */
  entries(): readonly Entry[] {
    return [...this.#entries]
  }

  /** Adds a message, or settles its receipt at once when the bounds do not let it in. */
  push(message: Message, options: SendOptions, receipt: ReceiptEntry): void {
    const bytes = byteLengthOf(message)
    if (bytes > this.#options.maxMessageBytes) {
      return receipt.settle('rejected', tooLarge(bytes, this.#options.maxMessageBytes))
    }
    const older = options.key === undefined ? undefined : this.#byKey.get(options.key)
    if (!this.#makeRoom(bytes, older)) return this.#refuse(receipt, bytes)
    if (older) this.remove(older, 'dropped')
    const expiresAt = this.#clock.now() + (options.ttlMs ?? this.#options.ttlMs)
    const entry: Entry = { message: keep(message), receipt, bytes, key: options.key, expiresAt }
    this.#entries.add(entry)
    if (entry.key !== undefined) this.#byKey.set(entry.key, entry)
    this.#bytes += bytes
  }

  /** Takes the oldest message for the wire; `undefined` when none waits. */
  shift(): Entry | undefined {
    const now = this.#clock.now()
    for (const entry of this.#entries) {
      if (entry.expiresAt > now) {
        this.#forget(entry)
        return entry
      }
      this.remove(entry, 'expired')
    }
    return undefined
  }

  /** Takes one message out and settles its receipt. Returns false when it is not here any more. */
  remove(entry: Entry, status: 'dropped' | 'expired'): boolean {
    if (!this.#entries.has(entry)) return false
    this.#forget(entry)
    entry.receipt.settle(status)
    return true
  }

  /** As `SessionQueue.cancel`. */
  cancel(receipt: Receipt): boolean {
    return this.entries().some((entry) => entry.receipt === receipt && this.remove(entry, 'dropped'))
  }

  /** As `SessionQueue.clear`. */
  clear(): void {
    for (const entry of this.#entries) this.remove(entry, 'dropped')
  }

  /** Takes out what has waited too long. */
  expire(): void {
    const now = this.#clock.now()
    for (const entry of this.#entries) {
      if (entry.expiresAt <= now) this.remove(entry, 'expired')
    }
  }

  /** Takes out everything, for the hand-back; the receipts settle as `undelivered`. */
  drain(): readonly HandedBack[] {
    const all = this.entries()
    for (const entry of all) {
      this.#forget(entry)
      entry.receipt.settle('undelivered')
    }
    return all.map(({ message, receipt }) => ({ message, receipt }))
  }

  /** Makes room for `bytes`, counting that `older`, if any, is about to leave. */
  #makeRoom(bytes: number, older: Entry | undefined): boolean {
    const { maxMessages, maxBytes, overflow } = this.#options
    if (bytes > maxBytes || maxMessages < 1) return false
    const full = () => {
      const leaving = older && this.#entries.has(older) ? older : undefined
      const size = this.#entries.size - (leaving ? 1 : 0)
      return size >= maxMessages || this.#bytes - (leaving?.bytes ?? 0) + bytes > maxBytes
    }
    if (full()) this.expire()
    if (overflow !== 'drop-oldest') return !full()
    for (const oldest of this.#entries) {
      if (!full()) break
      this.remove(oldest, 'dropped')
    }
    return true
  }

  #refuse(receipt: ReceiptEntry, bytes: number): void {
    if (this.#options.overflow === 'drop-newest') return receipt.settle('dropped')
    const { maxMessages, maxBytes } = this.#options
    const waiting = `${this.size} of ${maxMessages} messages and ${this.#bytes} of ${maxBytes} bytes wait`
    receipt.settle(
      'rejected',
      new HoldfastError('queue-full', `queue: no room for ${bytes} bytes, ${waiting}`),
    )
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry)
    this.#bytes -= entry.bytes
    if (entry.key !== undefined && this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key)
  }
}

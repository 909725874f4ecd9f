import type { Release, Scope } from '@holdfast/lifetime'
import type { AckMode, Limits } from '@holdfast/protocol'
import { ServerError } from '../errors.ts'
import type { Readers, SessionIncoming } from './readers.ts'

/** What deliveries need of their session. */
export interface DeliveriesHost {
  readonly scope: Scope
  readonly ackMode: AckMode
  /** What this server accepts: the client stops when so much is not handled. */
  readonly limits: Limits
  readonly stallMs: number
  readonly readers: Readers
  /** Calls the handlers; returns the promises of those that gave one. */
  readonly emit: (message: SessionIncoming) => readonly Promise<void>[] | undefined
  /** Tells the protocol that a message is handled, and returns up to where all are. */
  readonly settle: (number: number) => number
  readonly stalled: (error: ServerError) => void
}

/**
 * The way of a message to the application, and back as *handled*. Handlers run side by side; what is acknowledged is what
 * they have settled without a hole.
 */
export class Deliveries {
  readonly #host: DeliveriesHost
  /** Size of each message from the first one on that is not handled. */
  readonly #open = new Map<number, number>()
  #openBytes = 0
  #largestBytes = 0
  #cancelStall: Release | undefined

  constructor(host: DeliveriesHost) {
    this.#host = host
  }

  /** Hands a message over. */
  deliver(number: number, message: SessionIncoming): void {
    const { ackMode, readers, emit } = this.#host
    if (ackMode === 'received') {
      void emit(message)
      readers.push(message, () => {})
      return
    }
    this.#enter(number, message)
    const promises = emit(message) ?? []
    // One more than there are users, so that none can be the last before all have it.
    let pending = promises.length + readers.size + 1
    const finish = () => {
      pending -= 1
      if (pending === 0) this.#settle(number)
    }
    for (const promise of promises) void promise.then(finish)
    readers.push(message, finish)
    finish()
  }

  #enter(number: number, message: SessionIncoming): void {
    const bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
    this.#open.set(number, bytes)
    this.#openBytes += bytes
    this.#largestBytes = Math.max(this.#largestBytes, bytes)
    const { windowMessages, windowBytes } = this.#host.limits
    const isFull = this.#open.size >= windowMessages || this.#openBytes + this.#largestBytes > windowBytes
    if (isFull) this.#cancelStall ??= this.#watchStall()
  }

  #settle(number: number): void {
    const handled = this.#host.settle(number)
    for (const [oldest, bytes] of this.#open) {
      if (oldest > handled) return
      this.#open.delete(oldest)
      this.#openBytes -= bytes
      this.#cancelStall?.()
      this.#cancelStall = undefined
    }
  }

  #watchStall(): Release {
    const { scope, stallMs, stalled } = this.#host
    return scope.timeout(stallMs, () => {
      const [oldest] = this.#open.keys()
      const what = `message ${oldest} is not handled after ${stallMs} ms, and ${this.#open.size} wait with it`
      stalled(new ServerError('handler-stalled', `handlers: ${what}; the client cannot send any more`))
    })
  }
}

import type { Release, Scope } from '@holdfast/lifetime'
import { type Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { assertMembers, assertNumber, assertOneOf } from './bounds.ts'
import { HoldfastError } from './errors.ts'
import { assertMessage, byteLengthOf, type Message, tooLarge } from './message.ts'
import { type HandedBack, Queue, type QueueOptions, type SendOptions } from './queue.ts'

/** The open connection, as far as sending goes. */
export interface Wire {
  /** Bytes handed to the socket and not yet sent. */
  readonly bufferedAmount: number
  send(message: Message): void
}

/** Where messages go: to the open connection, into the queue, or nowhere any more. */
type Way =
  | { readonly name: 'away' }
  | { readonly name: 'open'; readonly wire: Wire }
  /** Closing: what waits still goes, nothing new is taken. */
  | { readonly name: 'draining'; readonly wire: Wire }
  | { readonly name: 'over' }

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: HoldfastError) => void
}

/** Browsers tell nobody when their send buffer empties, so it is looked at this often while someone waits for it. */
const LOOK_AGAIN_MS = 50

/** The way of a message out: straight to the wire when that is free, else through the queue, in order. */
export class Outbound {
  readonly queue: Queue
  readonly #scope: Scope
  readonly #options: QueueOptions
  readonly #report: (error: unknown) => void
  readonly #waiters = new Set<Waiter>()
  #way: Way = { name: 'away' }
  #cancelLook: Release | undefined
  #expiry: { readonly at: number; readonly cancel: Release } | undefined

  /** @param report is told of messages that the socket would not take */
  constructor(scope: Scope, options: QueueOptions, report: (error: unknown) => void) {
    this.#scope = scope
    this.#options = options
    this.#report = report
    this.queue = new Queue(options, scope.clock)
  }

  /** Bytes on their way: waiting here, and in the socket. */
  get pendingBytes(): number {
    return this.queue.bytes + ('wire' in this.#way ? this.#way.wire.bufferedAmount : 0)
  }

  /** As `Session.send`. */
  send(message: Message, options: SendOptions = noOptions): Receipt {
    assertMessage(message)
    if (options !== noOptions) assertSendOptions(options)
    const receipt = new ReceiptEntry()
    const way = this.#way
    if (way.name === 'over' || way.name === 'draining') {
      receipt.settle('rejected', sessionClosed())
    } else if (
      way.name === 'open' &&
      this.queue.size === 0 &&
      way.wire.bufferedAmount < this.#options.highWaterBytes
    ) {
      this.#write(way.wire, message, receipt)
    } else if (way.name === 'away' && options.whenOffline === 'drop') {
      receipt.settle('dropped')
    } else {
      this.queue.push(message, options, receipt)
      this.#watchExpiry()
      this.pump()
    }
    return receipt
  }

  /** A connection is open: what waits goes first. */
  opened(wire: Wire): void {
    this.#way = { name: 'open', wire }
    this.pump()
  }

  /** The connection is gone. */
  lost(): void {
    if ('wire' in this.#way) this.#way = { name: 'away' }
    this.#cancelLook?.()
  }

  /** The session closes: nothing new is taken any more. */
  drain(): void {
    if (this.#way.name === 'open') this.#way = { name: 'draining', wire: this.#way.wire }
  }

  /** The session is over: gives back what waits, and settles every promise. */
  end(): readonly HandedBack[] {
    this.#way = { name: 'over' }
    for (const { reject } of this.#waiters) reject(sessionClosed())
    this.#waiters.clear()
    return this.queue.drain()
  }

  /** As `Session.ready`. */
  ready(): Promise<void> {
    if (this.#way.name === 'over') return handled(Promise.reject(sessionClosed()))
    if (this.pendingBytes < this.#options.highWaterBytes) return Promise.resolve()
    const ready = new Promise<void>((resolve, reject) => {
      this.#waiters.add({ resolve, reject })
    })
    this.#lookAgain()
    return handled(ready)
  }

  /** As `Session.flushed`. */
  flushed(): Promise<void> {
    if (this.#way.name === 'over') return handled(Promise.reject(sessionClosed()))
    const receipts = this.queue.entries().map(({ receipt }) => receipt.settled)
    return handled(
      Promise.all(receipts).then((ends) => {
        if (ends.includes('undelivered')) throw sessionClosed()
      }),
    )
  }

  /** Sends what waits, in order, for as long as the socket takes it. */
  pump(): void {
    const way = this.#way
    if (!('wire' in way)) return
    while (
      this.queue.size > 0 &&
      way.wire.bufferedAmount < this.#options.highWaterBytes &&
      way === this.#way
    ) {
      const entry = this.queue.shift()
      if (entry) this.#write(way.wire, entry.message, entry.receipt)
    }
    if (this.pendingBytes <= this.#options.lowWaterBytes) {
      for (const { resolve } of this.#waiters) resolve()
      this.#waiters.clear()
    }
    if (this.queue.size > 0 || this.#waiters.size > 0) this.#lookAgain()
  }

  /** One message that the socket does not take harms only itself. */
  #write(wire: Wire, message: Message, receipt: ReceiptEntry): void {
    const { maxMessageBytes } = this.#options
    if (maxMessageBytes < Number.POSITIVE_INFINITY && byteLengthOf(message) > maxMessageBytes) {
      return receipt.settle('rejected', tooLarge(byteLengthOf(message), maxMessageBytes))
    }
    try {
      wire.send(message)
      receipt.settle('written')
    } catch (error) {
      receipt.settle('rejected', error as Error)
      this.#report(error)
    }
  }

  #lookAgain(): void {
    if (!('wire' in this.#way)) return
    this.#cancelLook?.()
    this.#cancelLook = this.#scope.timeout(LOOK_AGAIN_MS, () => this.pump())
  }

  /** One timer for the message that expires first, so that receipts settle in time without a timer for each. */
  #watchExpiry(): void {
    const at = this.queue.nextExpiryAt
    if (at === this.#expiry?.at) return
    this.#expiry?.cancel()
    const cancel = this.#scope.timeout(at - this.#scope.clock.now(), () => {
      this.queue.expire()
      this.#watchExpiry()
    })
    this.#expiry = { at, cancel }
  }
}

const noOptions: SendOptions = {}

function assertSendOptions(options: SendOptions): void {
  assertMembers('send', options, ['ttlMs', 'key', 'whenOffline'])
  if (options.ttlMs !== undefined) assertNumber('send.ttlMs', options.ttlMs, [1, Number.POSITIVE_INFINITY])
  if (options.key !== undefined && typeof options.key !== 'string') {
    throw new TypeError(`send.key: must be a string, got ${typeof options.key}`)
  }
  assertOneOf('send.whenOffline', options.whenOffline, ['queue', 'drop', undefined])
}

function sessionClosed(): HoldfastError {
  return new HoldfastError('closed', 'session: closed')
}

/** Gives a promise whose rejection nobody needs to handle: it is an answer to whoever asks, not an accident. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

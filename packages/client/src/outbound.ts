import type { Release, Scope } from '@holdfast/lifetime'
import { type Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { assertOneOf, fill } from './bounds.ts'
import { sessionClosed } from './errors.ts'
import { assertMessage, byteLengthOf, type Message, tooLarge } from './message.ts'
import { Queue, type QueueOptions, type SendOptions } from './queue.ts'
import type { HandBack } from './queue.ts'

/** The open connection, as far as sending goes. */
export interface Wire {
  /** Bytes handed to the socket and not yet sent. */
  readonly bufferedAmount: number
  /** Sends; returns something true when it settles the receipt itself. */
  send(message: Message, receipt: ReceiptEntry): unknown
}

/** Is told what becomes of messages. */
export interface OutboundListener {
  /** The socket has taken a message. */
  wrote(message: Message): void
  /** The socket would not take a message. */
  failed(error: unknown): void
}

/** What a session needs of its way out. */
export type Sender = Pick<
  Outbound,
  'queue' | 'send' | 'opened' | 'lost' | 'drain' | 'end' | 'ready' | 'flushed' | 'pump'
>

/** Where messages go: to the open connection, into the queue, or nowhere any more. */
type Way =
  | { readonly name: 'away'; readonly wire?: undefined }
  | { readonly name: 'open'; readonly wire: Wire }
  /** Closing: what waits still goes, nothing new is taken. */
  | { readonly name: 'draining'; readonly wire: Wire }
  | { readonly name: 'over'; readonly wire?: undefined }

/** Browsers tell nobody when their send buffer empties, so it is looked at this often while someone waits for it. */
const LOOK_AGAIN_MS = 50

/** The way of a message out: straight to the wire when that is free, else through the queue, in order. */
export class Outbound {
  readonly queue: Queue
  readonly #scope: Scope
  readonly #options: QueueOptions
  readonly #listener: OutboundListener
  /** Of those who wait until less is on its way: each is to look again. */
  readonly #waiters: (() => void)[] = []
  readonly #preset: Required<SendOptions>
  #way: Way = { name: 'away' }
  #cancelLook: Release | undefined
  #expiryAt = Infinity
  #cancelExpiry: Release = () => {}

  constructor(scope: Scope, options: QueueOptions, listener: OutboundListener) {
    this.#scope = scope
    this.#options = options
    this.#listener = listener
    this.#preset = { ttlMs: options.ttlMs, key: '', whenOffline: 'queue' }
    this.queue = new Queue(options, scope.clock, () => this.#wake())
  }

  /** As `Session.send`. */
  send(message: Message, options?: SendOptions): Receipt {
    assertMessage(message)
    const { maxMessageBytes } = this.#options
    let how = this.#preset
    if (options) {
      how = fill('send', options, how)
      assertOneOf('send.whenOffline', how.whenOffline, ['queue', 'drop'])
    }
    const receipt = new ReceiptEntry()
    const wire = this.#wire
    const { name } = this.#way
    if (name === 'over' || name === 'draining') receipt.settle('rejected', sessionClosed())
    else if (maxMessageBytes < Infinity && byteLengthOf(message) > maxMessageBytes) {
      receipt.settle('rejected', tooLarge(byteLengthOf(message), maxMessageBytes))
    } else if (wire && this.queue.size === 0) this.#write(wire, message, receipt)
    else if (name === 'away' && how.whenOffline === 'drop') receipt.settle('dropped')
    else {
      this.#watchExpiry(this.queue.push(message, receipt, how))
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
    this.#way = { name: 'away' }
    this.#cancelLook?.()
    this.#cancelLook = undefined
  }

  /** The session closes: nothing new is taken. Resolves when everything that waited is sent. */
  drain(): Promise<void> {
    if (this.#way.name === 'open') this.#way = { name: 'draining', wire: this.#way.wire }
    return this.#below(0, 0)
  }

  /** The session is over: gives back what waits, and settles every promise. */
  end(): HandBack {
    this.#way = { name: 'over' }
    this.#wake()
    const undelivered = this.queue.entries().map(({ message, receipt }) => ({ message, receipt }))
    this.queue.clear('undelivered')
    return { undelivered, uncertain: [] }
  }

  /** As `Session.ready`. */
  ready(): Promise<void> {
    const { highWaterBytes, lowWaterBytes, maxMessages } = this.#options
    const bytes = this.#pendingBytes < highWaterBytes ? highWaterBytes : lowWaterBytes
    return this.#below(bytes, Math.max(0, maxMessages - 1))
  }

  /** As `Session.flushed`. */
  async flushed(): Promise<void> {
    const receipts = this.queue.entries().map(({ receipt }) => receipt.settled)
    const ends = await Promise.all(receipts)
    if (this.#way.name === 'over' && (receipts.length === 0 || ends.includes('undelivered')))
      throw sessionClosed()
  }

  /** Bytes on their way: waiting here, and in the socket. */
  get #pendingBytes(): number {
    return this.queue.bytes + (this.#way.wire?.bufferedAmount ?? 0)
  }

  /** The open connection, if it takes more now. */
  get #wire(): Wire | undefined {
    const { wire } = this.#way
    return wire && wire.bufferedAmount < this.#options.highWaterBytes ? wire : undefined
  }

  /** Waits until no more than this many bytes are on their way, and no more than this many messages wait. */
  async #below(bytes: number, messages: number): Promise<void> {
    while (this.#way.name !== 'over' && (this.#pendingBytes > bytes || this.queue.size > messages)) {
      this.#lookAgain()
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
    if (this.#way.name === 'over') throw sessionClosed()
  }

  /** Sends what waits, in order, for as long as the socket takes it. */
  pump(): void {
    while (this.queue.size > 0 && this.#wire) {
      const entry = this.queue.shift()
      if (entry) this.#write(this.#wire, entry.message, entry.receipt)
    }
    this.#wake()
    if (this.queue.size > 0) this.#lookAgain()
  }

  #wake(): void {
    for (const look of this.#waiters.splice(0)) look()
  }

  /** One message that the socket does not take harms only itself. */
  #write(wire: Wire, message: Message, receipt: ReceiptEntry): void {
    try {
      if (!wire.send(message, receipt)) receipt.settle('written')
      this.#listener.wrote(message)
    } catch (error) {
      receipt.settle('rejected', error as Error)
      this.#listener.failed(error)
    }
  }

  #lookAgain(): void {
    if (!this.#way.wire) return
    this.#cancelLook ??= this.#scope.timeout(LOOK_AGAIN_MS, () => {
      this.#cancelLook = undefined
      this.pump()
    })
  }

  /** One timer for the message that expires first, so that receipts settle in time without a timer for each. */
  #watchExpiry(at: number): void {
    if (at >= this.#expiryAt) return
    this.#expiryAt = at
    this.#cancelExpiry()
    this.#cancelExpiry = this.#scope.timeout(at - this.#scope.clock.now(), () => {
      this.#expiryAt = Infinity
      this.#watchExpiry(this.queue.expire())
    })
  }
}

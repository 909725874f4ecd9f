import type { Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { utf8Bytes } from '@holdfast/protocol'
import { byteLengthOf, type Message } from '../message.ts'
import type { Sender, Wire } from '../outbound.ts'
import type { HandBack, SendOptions } from '../queue.ts'
import type { SocketLike } from '../socket-like.ts'
import { type Gate, HeldFrames } from './held-frames.ts'
import type { Passenger, Turnstile } from './turnstile.ts'

/** How a sender is limited. */
export interface SenderLimits {
  readonly turnstile: Turnstile
  /** Counts the bytes of a message; always 0 when bytes are not limited. */
  readonly bytesOf: (message: Message) => number
  /** As in the session's queue. */
  readonly highWaterBytes: number
}

/** Counts the bytes of a message on the wire, and makes nothing to do so. */
export function wireBytes(message: Message): number {
  return typeof message === 'string' ? utf8Bytes(message) : byteLengthOf(message)
}

/**
 * The way out of a session under a rate limit. All that it does is to say that the wire takes nothing more while there are no
 * tokens: the queue, its bounds and its order stay what they are. What a resumable session writes without having been asked,
 * because the server lacks it after a break, passes here as well.
 */
export class LimitedSender implements Sender, Passenger, Gate {
  readonly #plain: Sender
  readonly #limits: SenderLimits
  /** Of the present connection, in resume mode. */
  #frames: HeldFrames | undefined
  /** Messages that have paid and are not yet frames: those may go when they like. */
  #paid = 0
  /** Set while a message looks for its way past an empty queue. */
  #asking: Message | undefined

  constructor(plain: Sender, limits: SenderLimits) {
    this.#plain = plain
    this.#limits = limits
  }

  get queue(): Sender['queue'] {
    return this.#plain.queue
  }

  send(message: Message, options?: SendOptions): Receipt {
    this.#asking = message
    try {
      return this.#plain.send(message, options)
    } finally {
      this.#asking = undefined
    }
  }

  /** Has what a resumable session writes on this socket pass here. */
  limit(socket: SocketLike): SocketLike {
    this.#frames = HeldFrames.of(socket)
    this.#frames?.add(this)
    return socket
  }

  /** Counts a message that goes without asking; whoever comes next waits until that is paid back. */
  charge(message: Message): void {
    this.#limits.turnstile.charge(1, this.#limits.bytesOf(message))
    if (this.#frames) this.#paid += 1
  }

  /** As `Gate.paid`. */
  get paid(): number {
    return this.#paid
  }

  /** As `Gate.allows`. */
  allows(): boolean {
    return this.#paid > 0 || this.#limits.turnstile.allows(this)
  }

  /** As `Gate.passed`. */
  passed(frame: string | Uint8Array): void {
    if (this.#paid > 0) this.#paid -= 1
    else this.#limits.turnstile.take(this.#limits.bytesOf(frame))
  }

  opened(wire: Wire): void {
    this.#plain.opened(this.#limited(wire))
  }

  lost(): void {
    this.#leave()
    this.#plain.lost()
  }

  pump(): void {
    this.#plain.pump()
  }

  /** As `Passenger.pass`. */
  pass(): void {
    this.#frames?.release()
    this.#plain.pump()
  }

  drain(): Promise<void> {
    return this.#plain.drain()
  }

  ready(): Promise<void> {
    return this.#plain.ready()
  }

  flushed(): Promise<void> {
    return this.#plain.flushed()
  }

  end(): HandBack {
    this.#leave()
    return this.#plain.end()
  }

  #leave(): void {
    this.#limits.turnstile.leave(this)
    this.#frames?.drop()
    this.#frames = undefined
    this.#paid = 0
  }

  #limited(wire: Wire): Wire {
    const { turnstile, bytesOf, highWaterBytes } = this.#limits
    const bufferedAmount = () => {
      // What waits to go again goes first.
      if (this.#frames?.isHolding) return Infinity
      const bytes = wire.bufferedAmount
      // With nothing to send the truth is asked for: whoever waits for an empty buffer does not wait for a token.
      if (bytes >= highWaterBytes || (this.#asking === undefined && this.queue.size === 0)) return bytes
      return turnstile.allows(this) ? bytes : Infinity
    }
    return {
      get bufferedAmount() {
        return bufferedAmount()
      },
      send: (message: Message, receipt: ReceiptEntry) => {
        this.#asking = undefined
        turnstile.take(bytesOf(message))
        return this.#frames ? this.#sendPaid(wire, message, receipt) : wire.send(message, receipt)
      },
    }
  }

  #sendPaid(wire: Wire, message: Message, receipt: ReceiptEntry): unknown {
    this.#paid += 1
    try {
      const settlesItself = wire.send(message, receipt)
      // What is refused never becomes a frame.
      if (receipt.status === 'rejected') this.#paid -= 1
      return settlesItself
    } catch (error) {
      this.#paid -= 1
      throw error
    }
  }
}

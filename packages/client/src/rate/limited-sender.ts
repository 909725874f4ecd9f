import type { Receipt, ReceiptEntry } from '@holdfast/mailbox'
import { utf8Bytes } from '@holdfast/protocol'
import { byteLengthOf, type Message } from '../message.ts'
import type { Sender, Wire } from '../outbound.ts'
import type { HandBack, SendOptions } from '../queue.ts'
import { InFlight } from './in-flight.ts'
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
 * tokens: the queue, its bounds and its order stay what they are.
 */
export class LimitedSender implements Sender, Passenger {
  readonly #plain: Sender
  readonly #limits: SenderLimits
  readonly #inFlight = new InFlight()
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

  opened(wire: Wire): void {
    // What resume mode has just sent again was not held up, so what follows waits until it is paid for.
    const { messages, bytes } = this.#inFlight.total()
    this.#limits.turnstile.charge(messages, bytes)
    this.#plain.opened(this.#limited(wire))
  }

  lost(): void {
    this.#limits.turnstile.leave(this)
    this.#plain.lost()
  }

  pump(): void {
    this.#plain.pump()
  }

  /** As `Passenger.pass`. */
  pass(): void {
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
    this.#limits.turnstile.leave(this)
    return this.#plain.end()
  }

  #limited(wire: Wire): Wire {
    const { turnstile, bytesOf, highWaterBytes } = this.#limits
    const bufferedAmount = () => {
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
        const bytes = bytesOf(message)
        turnstile.take(bytes)
        const settlesItself = wire.send(message, receipt)
        if (settlesItself) this.#inFlight.add(receipt, bytes)
        return settlesItself
      },
    }
  }
}

import type { Receipt } from '@holdfast/mailbox'
import { sessionClosed } from '../errors.ts'
import type { Message } from '../message.ts'
import type { Sender, Wire } from '../outbound.ts'
import type { HandBack, SendOptions } from '../queue.ts'
import type { Resumption } from './resumption.ts'

/** The way out of a session that can be resumed: behind the queue there is an outbox, whose messages count as well. */
export class ResumedOutbound implements Sender {
  readonly #plain: Sender
  readonly #resumption: Resumption

  constructor(plain: Sender, resumption: Resumption) {
    this.#plain = plain
    this.#resumption = resumption
  }

  get queue(): Sender['queue'] {
    return this.#plain.queue
  }

  send(message: Message, options?: SendOptions): Receipt {
    return this.#plain.send(message, options)
  }

  opened(wire: Wire): void {
    this.#plain.opened(wire)
  }

  lost(): void {
    this.#plain.lost()
  }

  pump(): void {
    this.#plain.pump()
  }

  drain(): Promise<void> {
    return this.#plain.drain()
  }

  ready(): Promise<void> {
    return this.#plain.ready()
  }

  /** Resolves when the server has everything. */
  async flushed(): Promise<void> {
    const numbered = this.#resumption.receipts().map(({ settled }) => settled)
    const waiting = this.#plain.queue.entries().map(({ receipt }) => receipt.settled)
    await this.#plain.flushed()
    const ends = await Promise.all([...numbered, ...waiting])
    if (ends.some((end) => end === 'undelivered' || end === 'uncertain')) throw sessionClosed()
  }

  end(): HandBack {
    const { undelivered, uncertain } = this.#resumption.end()
    return { undelivered: [...undelivered, ...this.#plain.end().undelivered], uncertain }
  }
}

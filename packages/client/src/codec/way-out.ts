import type { Release, Scope } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import { sessionClosed } from '../errors.ts'
import { byteLengthOf, type Message } from '../message.ts'
import type { SendOptions } from '../queue.ts'
import type { Session } from '../session.ts'
import { attempt } from './attempt.ts'
import { andThen, type Codec, type ListCodec, type MaybePromise } from './codec.ts'
import { CodecError } from './codec-error.ts'
import { LaterReceipt, settledReceipt } from './later-receipt.ts'
import { Turns } from './turns.ts'

/** A value on its way, checked, and where its receipt is made. */
interface Outgoing {
  readonly value: unknown
  readonly later: LaterReceipt
}

/** Is told of values that did not become messages. */
export type Failed = (error: CodecError, input: unknown) => void

/** The way of values out: checked, gathered where there is a batch, encoded, and sent, in order. */
export class WayOut<Out> {
  readonly #session: Session
  readonly #codec: Codec<Out, unknown>
  readonly #scope: Scope
  readonly #maxPending: number
  readonly #failed: Failed
  readonly #turns = new Turns()
  readonly #pending = new Set<LaterReceipt>()
  /** What waits for company. */
  #gathered: Outgoing[] = []
  #cancelLinger: Release | undefined

  constructor(
    session: Session,
    codec: Codec<Out, unknown>,
    scope: Scope,
    maxPending: number,
    failed: Failed,
  ) {
    this.#session = session
    this.#codec = codec
    this.#scope = scope
    this.#maxPending = maxPending
    this.#failed = failed
    scope.defer(() => this.#end())
  }

  /** Sends a value; the receipt is the message's own when there is no need to wait for one. */
  send(value: Out, options: SendOptions | undefined): Receipt {
    if (this.#scope.ended) return settledReceipt('rejected', sessionClosed())
    if (this.#turns.waiting >= this.#maxPending) return this.#full(value)
    const later = new LaterReceipt()
    const { check, batch } = this.#codec
    void this.#turns.take(() =>
      attempt('schema', () => (check ? check.outgoing(value) : value), {
        use: (checked) => {
          const one = { value: checked, later }
          return batch && !options ? this.#gather(one) : this.#alone(one, options)
        },
        failed: (error) => this.#fail(error, { value, later }),
      }),
    )
    if (later.of) return later.of
    this.#pending.add(later)
    return later
  }

  /** Sends what waits for company. Resolves when all that was sent so far is with the session. */
  async flush(): Promise<void> {
    await this.#turns.take(() => this.#flush())
  }

  /** Takes a value back, unless it shares a message with others or is gone. */
  cancel(receipt: Receipt): boolean {
    const one = this.#gathered.find(({ later }) => later === receipt)
    if (one) this.#gathered = this.#gathered.filter((other) => other !== one)
    if (receipt instanceof LaterReceipt && !receipt.of) {
      this.#become(receipt, settledReceipt('dropped'))
      return true
    }
    if (this.#codec.batch) return false
    return this.#session.queue.cancel(receipt instanceof LaterReceipt ? (receipt.of ?? receipt) : receipt)
  }

  #end(): void {
    this.#gathered = []
    for (const later of this.#pending) this.#become(later, settledReceipt('undelivered'))
  }

  #gather(one: Outgoing): MaybePromise<void> {
    if (one.later.of) return
    this.#gathered.push(one)
    const { lingerMs = 0, maxMessages = 1 } = this.#codec.batch ?? {}
    if (this.#gathered.length >= maxMessages) return this.#flush()
    if (this.#cancelLinger) return
    if (lingerMs > 0) this.#cancelLinger = this.#scope.timeout(lingerMs, () => void this.flush())
    else {
      this.#cancelLinger = () => {}
      void Promise.resolve().then(() => this.flush())
    }
  }

  #flush(): MaybePromise<void> {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    const all = this.#gathered
    this.#gathered = []
    if (all.length > 0) return this.#sendAll(all, undefined)
  }

  /** A value with options of its own has a message of its own, after what came before. */
  #alone(one: Outgoing, options: SendOptions | undefined): MaybePromise<void> {
    return andThen(this.#flush(), () => this.#sendAll([one], options))
  }

  /** Makes one message of all, or several when it would be too large or one of the values spoils it. */
  #sendAll(all: readonly Outgoing[], options: SendOptions | undefined): MaybePromise<void> {
    const { batch } = this.#codec
    return attempt('encode', () => this.#encode(all.map(({ value }) => value as Out)), {
      use: (message) => {
        const isTooLarge = batch && all.length > 1 && byteLengthOf(message) > batch.maxBytes
        return isTooLarge ? this.#halves(all) : this.#handOver(all, message, options)
      },
      failed: (error) => {
        const [first] = all
        if (all.length > 1) return this.#halves(all)
        if (first) this.#fail(error, first)
      },
    })
  }

  #encode(values: readonly Out[]): MaybePromise<Message> {
    const { batch } = this.#codec
    return batch
      ? (this.#codec as ListCodec<Out, unknown>).encodeAll(values)
      : this.#codec.encode(values[0] as Out)
  }

  #halves(all: readonly Outgoing[]): MaybePromise<void> {
    const middle = all.length >> 1
    return andThen(this.#sendAll(all.slice(0, middle), undefined), () =>
      this.#sendAll(all.slice(middle), undefined),
    )
  }

  #handOver(
    all: readonly Outgoing[],
    message: Message,
    options: SendOptions | undefined,
  ): MaybePromise<void> {
    // Who was taken back, or came to the end of the view, while it was encoded.
    if (this.#scope.ended || all.every(({ later }) => later.of)) return
    return attempt('encode', () => this.#session.send(message, options), {
      use: (receipt) => {
        for (const { later } of all) this.#become(later, receipt)
      },
      failed: (error) => {
        for (const one of all) this.#fail(error, one)
      },
    })
  }

  #fail(error: CodecError, { value, later }: Outgoing): void {
    if (later.of) return
    this.#become(later, settledReceipt('rejected', error))
    this.#failed(error, value)
  }

  #full(value: unknown): Receipt {
    const error = new CodecError(
      'codec-full',
      'encode',
      `codec: ${this.#maxPending} values wait to be encoded`,
    )
    this.#failed(error, value)
    return settledReceipt('rejected', error)
  }

  #become(later: LaterReceipt, receipt: Receipt): void {
    this.#pending.delete(later)
    later.become(receipt)
  }
}

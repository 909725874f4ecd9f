import type { Release } from '@holdfast/lifetime'
import { HandledIterator } from '@holdfast/mailbox'
import { HoldfastError } from '../errors.ts'
import type { Receiver } from '../inbound.ts'
import { byteLengthOf, type Incoming } from '../message.ts'
import type { Settings } from '../options.ts'
import type { PlugHost } from '../plug.ts'
import type { ResumeOptions } from './options.ts'

/**
 * The way of a message in, and back as *handled*. Handlers run side by side; a message is handled when each of them has
 * settled, well or badly, and every loop has asked for the next one. What nobody listens to is handled.
 */
export class HandledInbound implements Receiver {
  readonly #host: PlugHost<Settings>
  readonly #options: ResumeOptions
  readonly #iterators = new Set<HandledIterator<Incoming>>()
  /** What the server counts as under way: messages from the oldest one on that is not handled. */
  readonly #open: Open[] = []
  #openBytes = 0
  #largestBytes = 0
  #cancelStall: Release | undefined
  /** Counts one more user of the message that is being delivered, and gives the function that says it is done with it. */
  #use: (() => () => void) | undefined

  constructor(host: PlugHost<Settings>, options: ResumeOptions) {
    this.#host = host
    this.#options = options
    host.scope.defer(() => {
      for (const iterator of this.#iterators) iterator.end()
    })
  }

  /** Sockets that can be resumed give nothing that has to be read first. */
  receive(data: unknown, use: (message: Incoming) => void): void {
    use(data as Incoming)
  }

  after(run: () => void): void {
    run()
  }

  /** Runs `give`, which leads to `deliver`, and calls `handled` once everybody is done with the message. */
  track(message: Incoming, give: () => void, handled: () => void): void {
    const one: Open = { bytes: byteLengthOf(message), users: 1 }
    const done = () => {
      one.users -= 1
      if (one.users > 0) return
      this.#shorten()
      handled()
    }
    this.#enter(one)
    this.#use = () => {
      one.users += 1
      return done
    }
    give()
    this.#use = undefined
    done()
  }

  /** A new session at the server knows nothing of what the one before sent. */
  forget(): void {
    this.#open.length = 0
    this.#openBytes = 0
    this.#cancelStall?.()
    this.#cancelStall = undefined
  }

  deliver(message: Incoming): void {
    // What waited for `onConnected` to end comes later, and was handled when that got it.
    const use = this.#use ?? (() => () => {})
    for (const settled of this.#host.events.emit('message', message) ?? []) void settled.then(use())
    for (const iterator of this.#iterators) iterator.push(message, use())
  }

  iterate(): AsyncIterableIterator<Incoming> {
    const iterator = new HandledIterator<Incoming>(() => this.#iterators.delete(iterator))
    if (this.#host.scope.ended) iterator.end()
    else this.#iterators.add(iterator)
    return iterator
  }

  #enter(one: Open): void {
    const { windowMessages, windowBytes, stallMs } = this.#options
    this.#open.push(one)
    this.#openBytes += one.bytes
    this.#largestBytes = Math.max(this.#largestBytes, one.bytes)
    const isFull = this.#open.length >= windowMessages || this.#openBytes + this.#largestBytes > windowBytes
    if (isFull) this.#cancelStall ??= this.#host.scope.timeout(stallMs, () => this.#stalled(stallMs))
  }

  /** Takes out what is handled without a hole. */
  #shorten(): void {
    while (this.#open[0]?.users === 0) {
      this.#openBytes -= this.#open.shift()?.bytes ?? 0
      this.#cancelStall?.()
      this.#cancelStall = undefined
    }
  }

  #stalled(stallMs: number): void {
    const what = `the oldest of ${this.#open.length} messages is not handled after ${stallMs} ms`
    const error = new HoldfastError('handler-stalled', `${what}, and the server cannot send more`)
    void this.#host.events.emit('error', { phase: 'handler-stalled', error })
  }
}

/** A message under way. */
interface Open {
  readonly bytes: number
  /** Those who are not done with it. */
  users: number
}

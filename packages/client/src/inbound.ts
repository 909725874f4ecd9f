import type { Emitter, Scope } from '@holdfast/lifetime'
import { BoundedIterator } from '@holdfast/mailbox'
import { answer, HoldfastError } from './errors.ts'
import { bytesOf, type Incoming, isBlob } from './message.ts'

/** What a session needs of its way in. */
export type Receiver = Pick<Inbound, 'receive' | 'after' | 'deliver' | 'iterate'>

/** The way of a message in: in the order of arrival, to every handler and every iterator. */
export class Inbound {
  readonly #scope: Scope
  readonly #emitter: Emitter<{ message: Incoming }>
  readonly #maxUnread: number
  readonly #iterators = new Set<BoundedIterator<Incoming>>()
  /** What waits behind a `Blob` that is being read; `undefined` when nothing does, which is nearly always. */
  #chain: Promise<void> | undefined

  constructor(scope: Scope, emitter: Emitter<{ message: Incoming }>, maxUnread: number) {
    this.#scope = scope
    this.#emitter = emitter
    this.#maxUnread = maxUnread
    scope.defer(() => {
      for (const iterator of this.#iterators) iterator.end()
    })
  }

  /** Turns what a socket gave into a message and passes it on to `use`, never ahead of an earlier one. */
  receive(data: unknown, use: (message: Incoming) => void, failed: (error: unknown) => void): void {
    if (!isBlob(data)) return this.after(() => use(binary(data)))
    const read = answer(data.arrayBuffer())
    this.#then(() => read.then(use).catch(failed))
  }

  /** Runs `run` once everything that arrived before has been passed on: now, if nothing is being read. */
  after(run: () => void): void {
    if (this.#chain) this.#then(run)
    else run()
  }

  /** Gives a message to everyone who listens. */
  deliver(message: Incoming): void {
    void this.#emitter.emit('message', message)
    for (const iterator of this.#iterators) iterator.push(message)
  }

  /** Opens an iterator over what arrives from now on. */
  iterate(): AsyncIterableIterator<Incoming> {
    const limit = this.#maxUnread
    const iterator = new BoundedIterator<Incoming>({
      maxBuffered: limit,
      overflow: () => new HoldfastError('iterator-overflow', `iterator: over ${limit} unread`),
      onEnd: () => this.#iterators.delete(iterator),
    })
    if (this.#scope.ended) iterator.end()
    else this.#iterators.add(iterator)
    return iterator
  }

  #then(run: () => void | Promise<void>): void {
    const scope = this.#scope
    const chain = (this.#chain ?? Promise.resolve()).then(() => (scope.ended ? undefined : run()))
    this.#chain = chain
    void chain.then(() => {
      if (this.#chain === chain) this.#chain = undefined
    })
  }
}

/** Text stays; a view, as some sockets of Node give, becomes a buffer of its own. */
function binary(data: unknown): Incoming {
  return ArrayBuffer.isView(data) ? bytesOf(data).buffer : (data as Incoming)
}

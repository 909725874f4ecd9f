/** How a bounded iterator is made. */
export interface BoundedIteratorOptions {
  /** How many values may wait for the consumer. One more ends the iterator with `overflow()` as its error. */
  readonly maxBuffered: number
  /** Makes the error of an overflow. */
  readonly overflow: () => Error
  /** Runs once when the iterator ends, for whatever reason. */
  readonly onEnd: () => void
}

type Life = { readonly name: 'live' } | { readonly name: 'ended'; readonly error: Error | undefined }

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: Error) => void
}

/**
 * An async iterator fed from outside, with a stated bound. What was buffered before the end is still delivered; after it
 * the error, once, if there was one; then it is done for good.
 */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #options: BoundedIteratorOptions
  readonly #buffered: T[] = []
  readonly #waiting: Waiter<T>[] = []
  #life: Life = { name: 'live' }

  constructor(options: BoundedIteratorOptions) {
    this.#options = options
  }

  /** Feeds one value; ignored after the end. */
  push(value: T): void {
    if (this.#life.name === 'ended') return
    const waiter = this.#waiting.shift()
    if (waiter) return waiter.resolve({ done: false, value })
    if (this.#buffered.length >= this.#options.maxBuffered) return this.end(this.#options.overflow())
    this.#buffered.push(value)
  }

  /** Ends it: buffered values are still delivered, then `error` if given. The first end counts. */
  end(error?: Error): void {
    if (this.#life.name === 'ended') return
    const waiting = this.#waiting.splice(0)
    const [first, ...others] = waiting
    this.#life = { name: 'ended', error: first ? undefined : error }
    if (first && error) first.reject(error)
    else first?.resolve({ done: true, value: undefined })
    for (const waiter of others) waiter.resolve({ done: true, value: undefined })
    this.#options.onEnd()
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#buffered.length > 0) {
      return Promise.resolve({ done: false, value: this.#buffered.shift() as T })
    }
    if (this.#life.name === 'live') {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject })
      })
    }
    const { error } = this.#life
    this.#life = { name: 'ended', error: undefined }
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
  }

  /** Ends it from the consumer's side, as leaving a `for await` loop does: buffered values and an error are let go. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#buffered.length = 0
    this.end()
    this.#life = { name: 'ended', error: undefined }
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

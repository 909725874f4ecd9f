/** How a bounded iterator is made. */
export interface BoundedIteratorOptions {
  /** How many values may wait for the consumer. One more ends the iterator with `overflow()` as its error. */
  readonly maxBuffered: number
  /** Makes the error of an overflow. */
  readonly overflow: () => Error
  /** Runs once when the iterator ends, for whatever reason. */
  readonly onEnd: () => void
}

type Result<T> = IteratorResult<T, undefined>

/**
 * An async iterator fed from outside, with a stated bound. What was buffered before the end is still delivered; after it
 * the error, once, if there was one; then it is done for good.
 */
export class BoundedIterator<T> implements AsyncIterableIterator<T> {
  readonly #options: BoundedIteratorOptions
  readonly #buffered: T[] = []
  readonly #waiting: ((result: Result<T> | Promise<Result<T>>) => void)[] = []
  /** Set once it has ended, with the error that is still to be delivered. */
  #ended: { readonly error?: Error | undefined } | undefined

  constructor(options: BoundedIteratorOptions) {
    this.#options = options
  }

  /** Feeds one value; ignored after the end. */
  push(value: T): void {
    if (this.#ended) return
    const take = this.#waiting.shift()
    if (take) take({ done: false, value })
    else if (this.#buffered.length < this.#options.maxBuffered) this.#buffered.push(value)
    else this.end(this.#options.overflow())
  }

  /** Ends it: buffered values are still delivered, then `error` if given. The first end counts. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = { error }
    for (const take of this.#waiting.splice(0)) take(this.next())
    this.#options.onEnd()
  }

  next(): Promise<Result<T>> {
    if (this.#buffered.length > 0) return Promise.resolve({ done: false, value: this.#buffered.shift() as T })
    if (!this.#ended) return new Promise((resolve) => this.#waiting.push(resolve))
    const { error } = this.#ended
    this.#ended = {}
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
  }

  /** Ends it from the consumer's side, as leaving a `for await` loop does: what is buffered is let go. */
  return(): Promise<Result<T>> {
    this.#buffered.length = 0
    this.end()
    this.#ended = {}
    return this.next()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

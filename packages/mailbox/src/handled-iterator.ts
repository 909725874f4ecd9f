type Result<Value> = IteratorResult<Value, undefined>

interface Item<Value> {
  readonly value: Value
  /** Says that the consumer is done with it. */
  readonly handled: () => void
}

/**
 * An async iterator whose consumer acknowledges: a value counts as handled when the next one is asked for. It has no bound of
 * its own, as who sends stops when the window is full of what is not handled.
 */
export class HandledIterator<Value> implements AsyncIterableIterator<Value> {
  readonly #onEnd: () => void
  readonly #buffered: Item<Value>[] = []
  readonly #waiting: ((result: Result<Value>) => void)[] = []
  #taken: Item<Value> | undefined
  #state: 'open' | 'ended' = 'open'

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Feeds one value; after the end it counts as handled. */
  push(value: Value, handled: () => void): void {
    const item = { value, handled }
    if (this.#state === 'ended') handled()
    else {
      this.#buffered.push(item)
      this.#waiting.shift()?.(this.#take())
    }
  }

  /** Ends it: what is buffered is still given out. */
  end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const take of this.#waiting.splice(0)) take(this.#take())
    this.#onEnd()
  }

  next(): Promise<Result<Value>> {
    this.#finish()
    if (this.#buffered.length > 0 || this.#state === 'ended') return Promise.resolve(this.#take())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Ends it from the consumer's side, as leaving a `for await` loop does: what is buffered counts as handled. */
  return(): Promise<Result<Value>> {
    this.#finish()
    for (const { handled } of this.#buffered.splice(0)) handled()
    this.end()
    return this.next()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #finish(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.handled()
  }

  #take(): Result<Value> {
    const item = this.#buffered.shift()
    if (item === undefined) return { done: true, value: undefined }
    this.#taken = item
    return { done: false, value: item.value }
  }
}

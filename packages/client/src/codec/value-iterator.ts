import { BoundedIterator } from '@holdfast/mailbox'
import { HoldfastError } from '../errors.ts'

interface Item<Value> {
  readonly value: Value
  readonly handled: () => void
}

/** An iterator over values with a stated bound, which tells of each when its consumer is done with it: at the next one. */
export class ValueIterator<Value> implements AsyncIterableIterator<Value> {
  readonly #items: BoundedIterator<Item<Value>>
  /** Of values that were fed and that the consumer is not done with. */
  readonly #open = new Set<() => void>()
  #taken: Item<Value> | undefined

  constructor(maxUnread: number, onEnd: () => void) {
    this.#items = new BoundedIterator({
      maxBuffered: maxUnread,
      overflow: () => new HoldfastError('iterator-overflow', `iterator: over ${maxUnread} unread`),
      onEnd,
    })
  }

  /** Feeds a value. @returns a promise that resolves when the consumer is done with it, or will never get to it */
  push(value: Value): Promise<void> {
    return new Promise((resolve) => {
      const handled = () => {
        this.#open.delete(handled)
        resolve()
      }
      this.#open.add(handled)
      this.#items.push({ value, handled })
    })
  }

  /** Ends it: what is buffered is still given out. */
  end(): void {
    this.#items.end()
  }

  async next(): Promise<IteratorResult<Value, undefined>> {
    this.#taken?.handled()
    this.#taken = undefined
    try {
      const { done, value: item } = await this.#items.next()
      if (done) return this.#over()
      this.#taken = item
      return { done: false, value: item.value }
    } catch (error) {
      this.#over()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    await this.#items.return()
    return this.#over()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #over(): IteratorResult<Value, undefined> {
    this.#taken = undefined
    for (const handled of this.#open) handled()
    return { done: true, value: undefined }
  }
}

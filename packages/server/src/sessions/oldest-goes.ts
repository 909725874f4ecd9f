/**
 * A crowd with room for so many, oldest first: beyond, the oldest has to go for the next. For those who have proven nothing
 * yet: whoever means it does so at once, and a crowd that does not must neither keep others out nor make memory grow.
 */
export class OldestGoes<Item> {
  readonly #max: number
  readonly #items = new Set<Item>()

  constructor(max: number) {
    this.#max = max
  }

  /** How many there are. */
  get size(): number {
    return this.#items.size
  }

  /** Adds one. @returns the one that has to go for it */
  add(item: Item): Item | undefined {
    this.#items.add(item)
    if (this.#items.size <= this.#max) return undefined
    const [oldest] = this.#items
    if (oldest !== undefined) this.#items.delete(oldest)
    return oldest
  }

  /** Forgets one. */
  delete(item: Item): void {
    this.#items.delete(item)
  }
}

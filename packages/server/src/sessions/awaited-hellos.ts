/**
 * Connections that have not said HELLO yet, oldest first. There is room for so many; beyond, the oldest has to go, because
 * whoever means it says HELLO at once, and a crowd that says nothing must not keep others out until its time is over.
 */
export class AwaitedHellos {
  readonly #max: number
  readonly #connections = new Set<number>()

  constructor(max: number) {
    this.#max = max
  }

  /** How many there are. */
  get size(): number {
    return this.#connections.size
  }

  /** Adds a connection. @returns the one that has to go for it */
  add(connection: number): number | undefined {
    this.#connections.add(connection)
    if (this.#connections.size <= this.#max) return undefined
    const [oldest] = this.#connections
    if (oldest !== undefined) this.#connections.delete(oldest)
    return oldest
  }

  /** Forgets a connection: it has said HELLO, or is gone. */
  delete(connection: number): void {
    this.#connections.delete(connection)
  }
}

/** Lets so many pieces of work run at a time, and so many wait, first come, first served. */
export class Turns {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning
    this.#maxWaiting = maxWaiting
  }

  /** Whether one more would be too many. */
  get full(): boolean {
    return this.#running >= this.#maxRunning && this.#waiting.length >= this.#maxWaiting
  }

  /** Runs the work when it is its turn. Settles as the work does. */
  async take(work: () => Promise<void>): Promise<void> {
    if (this.#running < this.#maxRunning) this.#running += 1
    // Whoever is done hands its place over.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}

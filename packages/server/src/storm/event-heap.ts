/** Who is next: times with a number each, the earliest on top. Holds numbers only, so that a million events take a second. */
export class EventHeap {
  readonly #timesMs: Float64Array
  readonly #owners: Int32Array
  #size = 0

  /** @param capacity the most events at a time */
  constructor(capacity: number) {
    this.#timesMs = new Float64Array(capacity)
    this.#owners = new Int32Array(capacity)
  }

  /** How many events there are. */
  get size(): number {
    return this.#size
  }

  /** The earliest time; `Infinity` when there is none. */
  get nextMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#timeOf(0)
  }

  /** Who has the earliest. */
  get nextOwner(): number {
    return this.#owners[0] ?? -1
  }

  /** Adds an event. @throws RangeError when it is full */
  push(timeMs: number, owner: number): void {
    if (this.#size === this.#timesMs.length) throw new RangeError(`heap: holds at most ${this.#size} events`)
    let index = this.#size
    this.#size += 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#timeOf(parent) <= timeMs) break
      this.#move(parent, index)
      index = parent
    }
    this.#put(index, timeMs, owner)
  }

  /** Gives the earliest event another time. */
  delayNext(timeMs: number): void {
    this.#sink(timeMs, this.nextOwner)
  }

  /** Takes the earliest event away. */
  removeNext(): void {
    this.#size -= 1
    if (this.#size > 0) this.#sink(this.#timeOf(this.#size), this.#owners[this.#size] ?? -1)
  }

  #sink(timeMs: number, owner: number): void {
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#timeOf(child + 1) < this.#timeOf(child)) child += 1
      if (this.#timeOf(child) >= timeMs) break
      this.#move(child, index)
      index = child
    }
    this.#put(index, timeMs, owner)
  }

  #timeOf(index: number): number {
    return this.#timesMs[index] ?? Number.POSITIVE_INFINITY
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#timeOf(from), this.#owners[from] ?? -1)
  }

  #put(index: number, timeMs: number, owner: number): void {
    this.#timesMs[index] = timeMs
    this.#owners[index] = owner
  }
}

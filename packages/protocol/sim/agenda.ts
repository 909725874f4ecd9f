interface Item {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

const before = (left: Item, right: Item): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order)

const maxSteps = 200_000

/** Virtual time: a heap of things to do, run one after the other; equal times in the order they were planned. */
export class Agenda {
  readonly #heap: Item[] = []
  readonly #timers = new Map<string, number>()
  #order = 0
  #steps = 0
  #now = 0

  get now(): number {
    return this.#now
  }

  /** Plans something `delayMs` from now. */
  after(delayMs: number, run: () => void): void {
    this.#order += 1
    this.#push({ at: this.#now + delayMs, order: this.#order, run })
  }

  /** Starts a named timer, or starts it anew. */
  arm(name: string, delayMs: number, run: () => void): void {
    const id = this.#order + 1
    this.#timers.set(name, id)
    this.after(delayMs, () => {
      if (this.#timers.get(name) !== id) return
      this.#timers.delete(name)
      run()
    })
  }

  disarm(name: string): void {
    this.#timers.delete(name)
  }

  /** Names of the running timers. */
  armed(prefix: string): readonly string[] {
    return [...this.#timers.keys()].filter((name) => name.startsWith(prefix))
  }

  isArmed(name: string): boolean {
    return this.#timers.has(name)
  }

  /** Runs the next thing that is due by `untilMs`; false when there is none. */
  step(untilMs: number): boolean {
    const [first] = this.#heap
    if (first === undefined || first.at > untilMs) {
      this.#now = Math.max(this.#now, untilMs)
      return false
    }
    this.#pop()
    this.#now = first.at
    this.#steps += 1
    if (this.#steps > maxSteps) throw new Error('endless: more events than any run needs')
    first.run()
    return true
  }

  #push(item: Item): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || before(above, item)) break
      heap[at] = above
      heap[parent] = item
      at = parent
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    heap[0] = last
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const candidate = heap[child]
        const current = heap[least]
        if (candidate !== undefined && current !== undefined && before(candidate, current)) least = child
      }
      if (least === at) return
      const moved = heap[least]
      if (moved !== undefined) heap[at] = moved
      heap[least] = last
      at = least
    }
  }
}

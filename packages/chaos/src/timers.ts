/** Owns timers: whatever is still pending when the owner ends is cancelled by one call. */
export class Timers {
  readonly #pending = new Set<() => void>()

  /** Runs `run` once after `delayMs`; returns the undo. */
  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(() => this.#fire(undo, run), Math.max(0, Math.ceil(delayMs)))
    const undo = () => this.#drop(undo, () => clearTimeout(timer))
    this.#pending.add(undo)
    return undo
  }

  /** Runs `run` once the input that is waiting now has been read; returns the undo. */
  soon(run: () => void): () => void {
    // Two turns, as the first one, when set while input is dealt with, comes before the next look for input.
    let immediate = setImmediate(() => {
      immediate = setImmediate(() => this.#fire(undo, run))
    })
    const undo = () => this.#drop(undo, () => clearImmediate(immediate))
    this.#pending.add(undo)
    return undo
  }

  /** Cancels everything that is pending. */
  clear(): void {
    for (const undo of this.#pending) undo()
  }

  #fire(undo: () => void, run: () => void): void {
    this.#pending.delete(undo)
    run()
  }

  #drop(undo: () => void, cancel: () => void): void {
    this.#pending.delete(undo)
    cancel()
  }
}

import type { ChaosEvent, LogEntry } from './chaos-event.ts'

/** Is called with each entry as it is made. */
export type EventListener = (entry: LogEntry) => void

/** Keeps the last events in memory and tells listeners of new ones. */
export class EventLog {
  readonly #maxEntries: number
  readonly #startedMs = performance.now()
  readonly #listeners = new Set<{ readonly run: EventListener }>()
  #entries: LogEntry[] = []
  #last = 0

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Milliseconds since the log was made. */
  get nowMs(): number {
    return Math.round(performance.now() - this.#startedMs)
  }

  /** Lists what is kept, oldest first, with numbers above `after`. */
  entries(after = 0): readonly LogEntry[] {
    return this.#entries.slice(-this.#maxEntries).filter((entry) => entry.n > after)
  }

  add(event: ChaosEvent): void {
    this.#last += 1
    const entry: LogEntry = { n: this.#last, atMs: this.nowMs, ...event }
    this.#entries.push(entry)
    // Cut in batches: shifting a long array for each entry would cost its whole length every time.
    if (this.#entries.length >= 2 * this.#maxEntries) this.#entries = this.#entries.slice(-this.#maxEntries)
    // A copy: a listener added by a listener hears from the next event on.
    for (const { run } of Array.from(this.#listeners)) tell(run, entry)
  }

  /** Adds a listener; returns the undo. The same function added twice is called twice. */
  listen(run: EventListener): () => void {
    const listener = { run }
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

function tell(run: EventListener, entry: LogEntry): void {
  try {
    run(entry)
  } catch (error) {
    // A bug of the listener's owner: made visible as an uncaught error, but not in the way of the proxy.
    queueMicrotask(() => {
      throw error
    })
  }
}

/** One attempt, as the window keeps it. */
interface Call {
  readonly atMs: number
  readonly kind: CallKind
}

/** How a call ended. */
export type CallKind = 'good' | 'slow' | 'failed'

/** How many calls a window holds, and how many of them were bad. */
export interface Tally {
  readonly calls: number
  readonly failures: number
  readonly slow: number
}

/** The last so many calls, none older than so long. Pure: the time comes with every question. */
export class SlidingWindow {
  readonly #maxCalls: number
  readonly #maxAgeMs: number
  #calls: readonly Call[] = []

  constructor(maxCalls: number, maxAgeMs: number) {
    this.#maxCalls = maxCalls
    this.#maxAgeMs = maxAgeMs
  }

  /** Adds a call; the oldest gives way. */
  add(kind: CallKind, atMs: number): void {
    this.#calls = [...this.#calls, { atMs, kind }].slice(-this.#maxCalls)
  }

  /** Counts what is not too old. */
  tally(nowMs: number): Tally {
    this.#calls = this.#calls.filter(({ atMs }) => nowMs - atMs < this.#maxAgeMs)
    const count = (kind: CallKind) => this.#calls.filter((call) => call.kind === kind).length
    return { calls: this.#calls.length, failures: count('failed'), slow: count('slow') }
  }

  /** Forgets everything. */
  clear(): void {
    this.#calls = []
  }
}

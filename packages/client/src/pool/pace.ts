import { backoffDelayMs } from '../backoff.ts'

/** As the sessions' own defaults: a replacement for what failed must not come sooner than a retry would. */
const BACKOFF = { baseMs: 2_000, capMs: 30_000 }
/** One that ends after this long did not fail. As `backoff.stableAfterMs` of a session. */
const STABLE_MS = 10_000

/**
 * How soon another session may be opened. Sessions space their own retries; one that is over for good cannot, so without this
 * a server that accepts and says "done" at once would be dialled in a tight loop.
 */
export class Pace {
  readonly #random: () => number
  #failures = 0
  #notBeforeAt = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** Notes that a session is over, `openMs` after it first opened; 0: it never did. */
  ended(now: number, openMs: number): void {
    if (openMs >= STABLE_MS) this.#failures = 0
    else {
      this.#notBeforeAt = now + Math.max(1, backoffDelayMs(BACKOFF, this.#failures, this.#random))
      this.#failures += 1
    }
  }

  /** Tells how long to wait before the next one, in milliseconds; 0: not at all. */
  leftMs(now: number): number {
    return Math.max(0, this.#notBeforeAt - now)
  }
}

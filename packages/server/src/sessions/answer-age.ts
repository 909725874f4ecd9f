/** An answer that took longer is asked for again: while it was under way this process may have been stopped, and replaced. */
const STALE_MS = 500

/** The most that it may grow to: a store that takes longer is of no use, and a process that is stopped again and again must not come to trust it. */
const MOST_STALE_MS = 2_000

/** Judges how old an answer may be: more each time, or one who is merely slow would never be heard. */
export class AnswerAge {
  readonly #patienceMs = new WeakMap<object, number>()

  /** Tells whether an answer about something is too old to be believed. */
  isStale(about: object, tookMs: number): boolean {
    const patienceMs = this.#patienceMs.get(about) ?? STALE_MS
    if (tookMs <= patienceMs) this.#patienceMs.delete(about)
    else this.#patienceMs.set(about, Math.min(patienceMs * 2, MOST_STALE_MS))
    return tookMs > patienceMs
  }
}

/**
 * A token bucket: fills at a steady rate up to its burst, and whoever does something takes tokens out. It may be overdrawn;
 * then it is paid back first. Pure: the time comes with every question, in milliseconds that never step back.
 */
export class Bucket {
  readonly #burst: number
  #perSecond: number
  #tokens: number
  #atMs: number

  /** A full one. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** How fast it fills now, in tokens a second. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** Counts the tokens in it; less than 0 when it is overdrawn. */
  tokens(nowMs: number): number {
    if (nowMs > this.#atMs) {
      const grown = ((nowMs - this.#atMs) * this.#perSecond) / 1_000
      this.#tokens = Math.min(this.#burst, this.#tokens + grown)
      this.#atMs = nowMs
    }
    return this.#tokens
  }

  /** Takes tokens, also more than there are. */
  take(count: number): void {
    this.#tokens -= count
  }

  /** Puts tokens in, as far as they fit. */
  put(count: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + count)
  }

  /** Fills at another rate from this moment on. */
  fill(perSecond: number, nowMs: number): void {
    this.tokens(nowMs)
    this.#perSecond = perSecond
  }

  /** Tells in how many whole milliseconds there are this many tokens; 0 when there are, `Infinity` when there never are. */
  msUntil(count: number, nowMs: number): number {
    const missing = Math.min(count, this.#burst) - this.tokens(nowMs)
    return missing <= 0 ? 0 : Math.max(1, Math.ceil((missing / this.#perSecond) * 1_000))
  }
}

import { Bucket } from '../flow/bucket.ts'

/** How long one step of the recovery takes, in milliseconds. */
const STEP_MS = 1_000
/** The recovery adds this part of the full rate with each step. */
const STEP_SHARE = 0.1
/** Who waits is served about so many times a second, not once for every message. */
const SERVED_PER_SECOND = 100

/**
 * A bucket whose rate is slowed down when the server asks for it, and raised again by equal steps, which is gentle: a rate
 * that is too high is noticed soon after it was reached. Pure: the time comes with every question.
 */
export class PacedBucket {
  readonly #bucket: Bucket
  readonly #full: number
  readonly #burst: number
  /** When the rate next rises. */
  #nextMs = Infinity

  /** A full one, at its full rate. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#bucket = new Bucket(perSecond, burst, nowMs)
    this.#full = perSecond
    this.#burst = burst
  }

  /** The part of the full rate at which it fills now. */
  share(nowMs: number): number {
    this.#catchUp(nowMs)
    return this.#bucket.perSecond / this.#full
  }

  /** As `Bucket.tokens`. */
  tokens(nowMs: number): number {
    this.#catchUp(nowMs)
    return this.#bucket.tokens(nowMs)
  }

  /** Is there a whole token? Asked for every message, so it gives no number that would be put on the heap. */
  hasToken(nowMs: number): boolean {
    this.#catchUp(nowMs)
    return this.#bucket.tokens(nowMs) >= 1
  }

  /** As `Bucket.take`. */
  take(count: number): void {
    this.#bucket.take(count)
  }

  /** Fills at this part of the full rate for `forMs`, then recovers. A further call takes the place of the one before. */
  slow(share: number, forMs: number, nowMs: number): void {
    this.#catchUp(nowMs)
    this.#bucket.fill(this.#full * Math.min(1, share), nowMs)
    this.#nextMs = nowMs + forMs
  }

  /**
   * Tells in how many whole milliseconds it is worth while to look again. No later than it is half full: a timer that comes
   * late must not find it full, or what would have come in is lost.
   */
  msUntilServing(nowMs: number): number {
    this.#catchUp(nowMs)
    const worthwhile = Math.max(1, Math.min(this.#bucket.perSecond / SERVED_PER_SECOND, this.#burst / 2))
    const stepMs = Math.max(1, Math.ceil(this.#nextMs - nowMs))
    return Math.min(this.#bucket.msUntil(worthwhile, nowMs), stepMs)
  }

  #catchUp(nowMs: number): void {
    while (this.#nextMs <= nowMs) {
      const rate = Math.min(this.#full, this.#bucket.perSecond + this.#full * STEP_SHARE)
      this.#bucket.fill(rate, this.#nextMs)
      this.#nextMs = rate < this.#full ? this.#nextMs + STEP_MS : Infinity
    }
  }
}

/** How many clients are taken in at a time. */
export interface AdmissionLimits {
  /** Clients taken in per second. `Infinity`: everyone at once. */
  readonly perSecond: number
  /** Clients taken in at once after a quiet time, on top. */
  readonly burst: number
  /** How long a client may wait here for its turn. */
  readonly maxWaitMs: number
  /** Nobody is sent away for longer. */
  readonly maxRetryMs: number
}

/** What becomes of a client: in, in after a wait, or sent away for a time. */
export type Admission =
  | { readonly kind: 'now' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'later'; readonly retryMs: number }

const now: Admission = { kind: 'now' }

/** A client adds up to half to what it is told (PROTOCOL.md, 6.5): on average it comes after this many times the hint. */
const MEAN_STRETCH = 1.25

/**
 * A token bucket, a short line behind it, and appointments for those who find the line full. Each is sent away until a moment
 * of its own, as the ones before it are expected back: at the rate at which they can be taken, and no two at once. That keeps
 * a crowd from coming back as one, and the server from waiting for a crowd that it has sent too far away.
 *
 * Time is told in what is used up of it, so there is nothing to refill and no timer (the "virtual scheduling" form of the
 * generic cell rate algorithm, ITU-T I.371).
 */
export class AdmissionQueue {
  readonly #limits: AdmissionLimits
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #stepMs: number
  /** When everyone who was taken so far has been served. */
  #servedAtMs = Number.NEGATIVE_INFINITY
  /** When the last one sent away is expected back. */
  #expectedAtMs = Number.NEGATIVE_INFINITY

  constructor(limits: AdmissionLimits, nowMs: () => number, random: () => number = Math.random) {
    this.#limits = limits
    this.#nowMs = nowMs
    this.#random = random
    this.#stepMs = 1_000 / limits.perSecond
  }

  /** Decides about the next client. One that was told to wait and leaves has used up its turn. */
  admit(): Admission {
    if (this.#stepMs === 0) return now
    const nowMs = this.#nowMs()
    // One subtraction: were a step taken off and put back on, rounding could leave the turn just after now.
    const turnAtMs = Math.max(this.#servedAtMs, nowMs - (this.#limits.burst - 1) * this.#stepMs)
    if (turnAtMs - nowMs > this.#limits.maxWaitMs) return { kind: 'later', retryMs: this.#appoint(nowMs) }
    this.#servedAtMs = turnAtMs + this.#stepMs
    return turnAtMs <= nowMs ? now : { kind: 'wait', waitMs: turnAtMs - nowMs }
  }

  #appoint(nowMs: number): number {
    const atMs = Math.max(this.#expectedAtMs, this.#servedAtMs) + this.#stepMs
    const awayMs = atMs - nowMs
    const longestMs = this.#limits.maxRetryMs * MEAN_STRETCH
    if (awayMs <= longestMs) {
      this.#expectedAtMs = atMs
      return awayMs / MEAN_STRETCH
    }
    // More than fit: where appointments end, a constant delay would bring all of these back at once.
    return this.#limits.maxRetryMs * (0.5 + this.#random() / 2)
  }
}

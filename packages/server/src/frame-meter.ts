import type { Clock } from '@holdfast/lifetime'

/** How many frames a connection may send per second. */
export interface FrameLimits {
  readonly maxMessagesPerS: number
  readonly maxControlFramesPerS: number
}

const SECOND_MS = 1_000

/** Counts the frames of one connection, second by second. */
export class FrameMeter {
  readonly #limits: FrameLimits
  readonly #clock: Clock
  #sinceMs: number
  #messages = 0
  #controls = 0
  #state: 'within' | 'beyond' = 'within'

  constructor(limits: FrameLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#sinceMs = clock.monotonicMs()
  }

  /** Counts a frame; returns whether it is within what a connection may send. Beyond it once is beyond it for good. */
  take(kind: 'message' | 'control'): boolean {
    if (this.#state === 'beyond') return false
    const count = kind === 'message' ? (this.#messages += 1) : (this.#controls += 1)
    const limit = kind === 'message' ? this.#limits.maxMessagesPerS : this.#limits.maxControlFramesPerS
    if (count <= limit) return true
    // Time is only asked for when it matters: messages are many.
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs < SECOND_MS) {
      this.#state = 'beyond'
      return false
    }
    this.#sinceMs = nowMs
    this.#messages = kind === 'message' ? 1 : 0
    this.#controls = kind === 'message' ? 0 : 1
    return true
  }
}

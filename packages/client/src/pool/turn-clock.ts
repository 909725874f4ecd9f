import type { Clock } from '@holdfast/lifetime'

/** Its reactions run when the code that runs now is done, and cost less than `queueMicrotask`. */
const turnEnds = Promise.resolve()

/**
 * The time of day, read once for each run of code up to its next `await`: meanwhile nothing can arrive, so nothing that is
 * known of a connection grows old. Reading a clock costs more than all else that a lease does.
 *
 * It is the time of day on purpose: clocks that never step back stand still while a machine sleeps, and after a sleep is
 * when an open connection is to be doubted.
 */
export class TurnClock {
  readonly #clock: Clock
  readonly #forget = () => {
    this.#now = undefined
  }
  #now: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Tells epoch milliseconds. */
  now(): number {
    if (this.#now === undefined) {
      this.#now = this.#clock.now()
      void turnEnds.then(this.#forget)
    }
    return this.#now
  }
}

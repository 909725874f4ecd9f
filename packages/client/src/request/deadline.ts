import type { Release, Scope } from '@holdfast/lifetime'

/** A timer that comes this much late was held up; then an answer may be waiting behind it. */
const LATE_MS = 1_000

/** One timer for any number of deadlines: it knows the earliest, and asks for the next when that one has come. */
export class Deadline {
  readonly #scope: Scope
  readonly #due: () => number
  /** Epoch ms for which the timer is set. */
  #at = Infinity
  #cancel: Release = () => {}

  /** @param due deals with what is due, and gives when the next is, epoch ms; `Infinity` for none */
  constructor(scope: Scope, due: () => number) {
    this.#scope = scope
    this.#due = due
  }

  /** Sees to it that `due` is called at this time, epoch ms, or earlier. */
  watch(at: number): void {
    if (at >= this.#at) return
    this.#at = at
    this.#cancel()
    this.#cancel = this.#scope.timeout(at - this.#scope.clock.now(), () => this.#fired())
  }

  /** Nothing has a deadline any more. */
  clear(): void {
    this.#at = Infinity
    this.#cancel()
  }

  #fired(): void {
    // After a machine slept, or a page was held up: let what has arrived meanwhile be read first.
    if (this.#scope.clock.now() - this.#at > LATE_MS) {
      this.#cancel = this.#scope.timeout(0, () => this.#judge())
    } else this.#judge()
  }

  #judge(): void {
    this.#at = Infinity
    this.watch(this.#due())
  }
}

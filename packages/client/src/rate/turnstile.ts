import type { Release, Scope } from '@holdfast/lifetime'
import type { PacedBucket } from './paced-bucket.ts'

/** One who wants through. */
export interface Passenger {
  /** It may be its turn: goes through as often as it is allowed and has need. */
  pass(): void
}

/**
 * Decides who may send now. Whoever comes while nobody waits goes through as long as there are tokens; who has to wait is
 * served in turn, each with an equal share of what there is, so that a busy session does not starve the others. One timer
 * for all, and only while somebody waits.
 */
export class Turnstile {
  readonly #scope: Scope
  readonly #messages: PacedBucket | undefined
  readonly #bytes: PacedBucket | undefined
  /** Who waits, in the order in which they are served. */
  readonly #waiting = new Set<Passenger>()
  /** Whose turn it is, and how many messages it may still send in it. */
  #served: Passenger | undefined
  #left = 0
  #cancel: Release | undefined

  /** Lets everybody through when the scope ends. */
  constructor(scope: Scope, messages: PacedBucket | undefined, bytes: PacedBucket | undefined) {
    this.#scope = scope
    this.#messages = messages
    this.#bytes = bytes
    scope.defer(() => {
      for (const passenger of this.#waiting) {
        this.#waiting.delete(passenger)
        passenger.pass()
      }
    })
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** May this one send now? If not it waits from now on, and `pass` is called when it may. */
  allows(passenger: Passenger): boolean {
    if (this.#scope.ended) return true
    const isInTurn = passenger === this.#served && this.#left >= 1
    if ((isInTurn || this.#waiting.size === 0) && this.#isOpen) return true
    this.#waiting.add(passenger)
    if (this.#served === undefined) this.#arm()
    return false
  }

  /** Takes the tokens of a message that was allowed. */
  take(bytes: number): void {
    this.#messages?.take(1)
    this.#bytes?.take(bytes)
    this.#left -= 1
  }

  /** Takes the tokens of what had to go without asking; whoever comes next waits until that is paid back. */
  charge(messages: number, bytes: number): void {
    const nowMs = this.#nowMs
    // First what came in until now, as far as it fits: otherwise it would pay for this.
    this.#messages?.tokens(nowMs)
    this.#bytes?.tokens(nowMs)
    this.#messages?.take(messages)
    this.#bytes?.take(bytes)
  }

  /** This one does not want through any more. */
  leave(passenger: Passenger): void {
    this.#waiting.delete(passenger)
    if (this.#waiting.size === 0) this.#disarm()
  }

  /** The rate has changed: the time to look again is another. */
  rearm(): void {
    this.#disarm()
    if (this.#waiting.size > 0) this.#arm()
  }

  /** Whole milliseconds: numbers with a fraction would be put on the heap, for every message. */
  get #nowMs(): number {
    return Math.floor(this.#scope.clock.monotonicMs())
  }

  /** Is there a token of each kind? A message may be larger than the rest of the bytes, or a large one would never go. */
  get #isOpen(): boolean {
    const nowMs = this.#nowMs
    return (this.#messages?.hasToken(nowMs) ?? true) && (this.#bytes?.hasToken(nowMs) ?? true)
  }

  #serve(): void {
    this.#cancel = undefined
    for (const passenger of this.#waiting) {
      if (!this.#isOpen) break
      this.#left = Math.floor((this.#messages?.tokens(this.#nowMs) ?? 1) / this.#waiting.size) || 1
      this.#served = passenger
      // Who has need of more comes to the end of the line, and this loop comes to it again while there are tokens.
      this.#waiting.delete(passenger)
      passenger.pass()
    }
    this.#served = undefined
    if (this.#waiting.size > 0) this.#arm()
  }

  #arm(): void {
    if (this.#cancel || this.#scope.ended) return
    const nowMs = this.#nowMs
    const delayMs = Math.max(
      this.#messages?.msUntilServing(nowMs) ?? 0,
      this.#bytes?.msUntilServing(nowMs) ?? 0,
    )
    this.#cancel = this.#scope.timeout(delayMs, () => this.#serve())
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

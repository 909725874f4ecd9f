import { isPromise, type MaybePromise } from './codec.ts'

/** Lets work be done one after the other, at once while none of it has to wait. */
export class Turns {
  #last: Promise<void> | undefined
  #waiting = 0

  /** How much is under way or waits for its turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Runs `work`, which never throws, now or after what came before. @returns a promise unless it is done already */
  take(work: () => MaybePromise<void>): Promise<void> | undefined {
    const done = this.#last ? this.#last.then(work) : work()
    if (!isPromise(done)) return undefined
    this.#waiting += 1
    const last = done.then(() => {
      this.#waiting -= 1
      if (this.#last === last) this.#last = undefined
    })
    this.#last = last
    return last
  }
}

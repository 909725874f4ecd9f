import type { Scope, Signal } from '@holdfast/lifetime'
import { HoldfastError } from '../errors.ts'
import type { Lease } from './lease.ts'

/** What somebody asks for. */
export interface Wish {
  readonly key: unknown
  readonly timeoutMs: number
  readonly signal: Signal | undefined
}

/** How a wait ended without a lease. */
export type Vain = 'timedOut' | 'aborted' | 'failed'

/** Somebody who waits. */
interface Waiter {
  readonly key: unknown
  grant(lease: Lease): void
  fail(error: unknown): void
  before: Waiter | undefined
  behind: Waiter | undefined
}

/** The line of those who wait: first come, first served, and whoever gives up leaves it from the middle. */
export class Waiters {
  readonly #scope: Scope
  readonly #left: (vain: Vain) => void
  #first: Waiter | undefined
  #last: Waiter | undefined
  #size = 0

  /** @param left is told of everybody who leaves without a lease before the scope ends */
  constructor(scope: Scope, left: (vain: Vain) => void) {
    this.#scope = scope
    this.#left = left
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** What the first one is served by, if anybody waits. */
  get first(): Pick<Waiter, 'key'> | undefined {
    return this.#first
  }

  /** Joins the line. Rejects with what `late` makes when the time is over, with the signal's reason, or with `closed`. */
  add({ key, timeoutMs, signal }: Wish, late: () => unknown): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const scope = this.#scope.child()
      const vainly = (vain: Vain, error: unknown) => {
        reject(error)
        scope.end()
        this.#left(vain)
      }
      const waiter: Waiter = {
        key,
        grant(lease) {
          resolve(lease)
          scope.end()
        },
        fail: (error) => vainly('failed', error),
        before: this.#last,
        behind: undefined,
      }
      if (this.#last) this.#last.behind = waiter
      else this.#first = waiter
      this.#last = waiter
      this.#size += 1
      scope.defer(() => {
        this.#unlink(waiter)
        // Does nothing where the wait is over already; else it is the pool that ended.
        reject(poolClosed('disposed'))
      })
      scope.timeout(timeoutMs, () => vainly('timedOut', late()))
      if (signal) scope.listen(signal, 'abort', () => vainly('aborted', signal.reason))
    })
  }

  /** Serves the first one. */
  serve(lease: Lease): void {
    this.#first?.grant(lease)
  }

  /** Fails everybody who waits now. */
  failAll(error: () => unknown): void {
    for (let left = this.#size; left > 0; left -= 1) this.#first?.fail(error())
  }

  #unlink({ before, behind }: Waiter): void {
    if (before) before.behind = behind
    else this.#first = behind
    if (behind) behind.before = before
    else this.#last = before
    this.#size -= 1
  }
}

/** Makes the error of whoever asks, or waits, at a pool that gives no more leases. */
export function poolClosed(how: 'draining' | 'disposed'): HoldfastError {
  return new HoldfastError('closed', `pool: ${how}`)
}

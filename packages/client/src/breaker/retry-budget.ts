import { type Clock, Scope, systemClock } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import { alsoAsk } from '../flow/also-ask.ts'
import { Bucket } from '../flow/bucket.ts'
import { linkedScope } from '../flow/linked-scope.ts'
import { ranged } from '../flow/ranged.ts'
import type { Settings } from '../options.ts'
import type { Plug } from '../plug.ts'
import { watchAttempts } from './watch-attempts.ts'

/** How many retries there may be. */
export interface RetryBudgetOptions {
  /** Retries that every connection earns. Default 0.2: one retry for five connections. At least 0. */
  readonly perSuccess: number
  /** Retries that every second earns, so that a server which was away is found again. Default 0.1; 0: none. */
  readonly perSecond: number
  /** Retries that can be saved up; there are as many at the start. Default 10. At least 1. */
  readonly maxRetries: number
  /** The clock of the sessions. Default: the machine's time. */
  readonly clock: Clock
}

/** What applies when a number is left out. */
export const retryBudgetDefaults: Omit<RetryBudgetOptions, 'clock'> = {
  perSuccess: 0.2,
  perSecond: 0.1,
  maxRetries: 10,
}

/** What a session waits for when the budget is used up, in its state. */
const retryBudgetEmpty = 'retry-budget'

/**
 * Holds the retries of many sessions in proportion to their successes, as in Finagle and in gRPC: a server in trouble is not
 * given several times its usual load. Made by `retryBudget()`.
 */
export class RetryBudget {
  readonly #scope: Scope
  readonly #bucket: Bucket
  readonly #perSuccess: number

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void

  /** As `retryBudget()`. */
  constructor(raw: Partial<RetryBudgetOptions> = {}) {
    must(raw && typeof raw === 'object', TypeError, 'retryBudget', 'an object', raw)
    const { clock = systemClock, ...given } = raw
    const ranges = { perSuccess: [0], perSecond: [0], maxRetries: [1] } as const
    const { perSuccess, perSecond, maxRetries } = ranged('retryBudget', given, ranges, retryBudgetDefaults)
    assertMethods('retryBudget.clock', clock, ['monotonicMs'])
    this.#scope = new Scope(clock)
    this.#perSuccess = perSuccess
    this.#bucket = new Bucket(perSecond, maxRetries, clock.monotonicMs())
    this[Symbol.dispose ?? 'dispose'] = this.dispose.bind(this)
  }

  /**
   * Puts a session under this budget: for the option `plugs`. The first attempt after a healthy connection is free, and so is
   * what the application asks for with `reconnect()`; every further attempt is a retry.
   */
  readonly plug: Plug<Settings> = ({ settings, scope, events }) => {
    const life = linkedScope(this.#scope, scope)
    // Taken for the attempt under way, and given back when that ends before it dials.
    let taken = 0
    const giveBack = () => {
      this.#bucket.put(taken)
      taken = 0
    }
    life.defer(giveBack)
    watchAttempts(events, life, {
      dialling: () => (taken = 0),
      opened: () => this.#bucket.put(this.#perSuccess),
      ended: giveBack,
    })
    return {
      settings: alsoAsk(settings, ({ attempt }) => {
        if (attempt === 1 || life.ended) return undefined
        const retryAfterMs = this.#bucket.msUntil(1, this.#nowMs)
        if (retryAfterMs > 0) return { retryAfterMs, cause: retryBudgetEmpty }
        this.#bucket.take(1)
        taken = 1
        return undefined
      }),
    }
  }

  /** How many retries there may be now, in parts as well. */
  get retries(): number {
    return this.#bucket.tokens(this.#nowMs)
  }

  /** Ends the budget: the sessions go on as if they had none; one that waits comes back at its time. A second call does nothing. */
  dispose(): void {
    this.#scope.end()
  }

  get #nowMs(): number {
    return this.#scope.clock.monotonicMs()
  }
}

/**
 * Makes a retry budget. Give its `plug` to all sessions that share it.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const budget = retryBudget({ perSuccess: 0.2, perSecond: 0.1 })
 * const session = connect('wss://chat.example/live', { plugs: [budget.plug] })
 */
export function retryBudget(options: Partial<RetryBudgetOptions> = {}): RetryBudget {
  return new RetryBudget(options)
}

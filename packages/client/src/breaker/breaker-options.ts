import { type Clock, systemClock } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import type { Cause } from '../cause.ts'
import { ranged } from '../flow/ranged.ts'
import type { Outcome } from './outcome.ts'

/** When a circuit breaker opens, and for how long. Everything is optional. */
export interface BreakerOptions extends BreakerNumbers {
  /** Asked first what the end of an attempt tells about the server; `undefined` leaves it to the table of `outcomeOf`. */
  readonly outcomeOf: (cause: Cause) => Outcome | undefined
  /** The clock of the sessions. Default: the machine's time. */
  readonly clock: Clock
  /** Gives numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random: () => number
}

/** The options that are numbers. */
export interface BreakerNumbers {
  /** The part of the calls in the window that must have failed, above 0 to 1. Default 0.5. */
  readonly failureRate: number
  /** The part of the calls in the window that must have been slow, above 0 to 1. Default 0.8. */
  readonly slowRate: number
  /** From the dial until open, an attempt that takes this long was slow, in milliseconds. Default `Infinity`: none is. */
  readonly slowMs: number
  /** Fewer calls than this in the window decide nothing. Default 5. From 1 to `windowCalls`. */
  readonly minCalls: number
  /** The window holds the last so many calls. Default 20. From 1 to 10,000. */
  readonly windowCalls: number
  /** The window forgets a call after so many milliseconds. Default 60,000; `Infinity`: counts alone. */
  readonly windowMs: number
  /** The longest it stays open before a probe may go, in milliseconds; drawn from the upper half. Default 30,000. At least 1. */
  readonly openMs: number
  /** A connection that ends sooner has failed, in milliseconds. Default 1,000; 0: to be open is enough. */
  readonly earlyMs: number
  /** Once it closes, sessions that it kept waiting come back within so many milliseconds, at random. Default 2,000; 0: at once. */
  readonly recoverWithinMs: number
}

/** What applies when a number is left out. */
export const breakerDefaults: BreakerNumbers = {
  failureRate: 0.5,
  slowRate: 0.8,
  slowMs: Infinity,
  minCalls: 5,
  windowCalls: 20,
  windowMs: 60_000,
  openMs: 30_000,
  earlyMs: 1_000,
  recoverWithinMs: 2_000,
}

const noOpinion = () => undefined

/** Half an hour: a longer time without any look at the server is no jitter any more but an outage of our own. */
const LONGEST_OPEN_MS = 1_800_000

/**
 * Checks options and fills in the defaults.
 * @throws TypeError or RangeError naming the option, the bound and the value
 */
export function resolveBreakerOptions(raw: Partial<BreakerOptions>): BreakerOptions {
  must(raw && typeof raw === 'object', TypeError, 'breaker', 'an object', raw)
  const { clock = systemClock, random = Math.random, outcomeOf = noOpinion, ...given } = raw
  const part = [Number.MIN_VALUE, 1] as const
  const numbers = ranged<keyof BreakerNumbers>(
    'breaker',
    given,
    {
      failureRate: part,
      slowRate: part,
      slowMs: [1],
      minCalls: [1, given.windowCalls ?? breakerDefaults.windowCalls],
      windowCalls: [1, 10_000],
      windowMs: [1],
      openMs: [1, LONGEST_OPEN_MS],
      earlyMs: [0, LONGEST_OPEN_MS],
      recoverWithinMs: [0, LONGEST_OPEN_MS],
    },
    breakerDefaults,
  )
  assertMethods('breaker.clock', clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  assertMethods('breaker', { random, outcomeOf }, ['random', 'outcomeOf'])
  return { ...numbers, clock, random, outcomeOf }
}

import { type Clock, Scope, systemClock } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import { HoldfastError } from '../errors.ts'
import { alsoAsk } from '../flow/also-ask.ts'
import { Bucket } from '../flow/bucket.ts'
import { linkedScope } from '../flow/linked-scope.ts'
import { ranged } from '../flow/ranged.ts'
import type { NotYet, Settings } from '../options.ts'
import type { Plug } from '../plug.ts'
import type { AttemptContext } from '../target.ts'

/** How often sessions may dial. */
export interface DialLimitOptions {
  /** Dials a second, above 0. */
  readonly perSecond: number
  /** Dials that may go at once after a pause. Default: as many as `perSecond`, at least 1. At least 1. */
  readonly burst?: number
  /** The clock of the sessions. Default: the machine's time. */
  readonly clock?: Clock
}

/** Who asks the session to wait, in its state. */
const dialRate = 'dial-rate'
/** Up to this long an attempt waits where it is, to the millisecond; longer waits are seen in the state. */
const SHORT_MS = 1_000

/** Holds the dials of sessions to a rate. Made by `dialLimit()`. */
export class DialLimit {
  readonly #scope: Scope
  readonly #bucket: Bucket

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void

  /** As `dialLimit()`. */
  constructor(raw: DialLimitOptions) {
    must(raw && typeof raw === 'object', TypeError, 'dialLimit', 'an object', raw)
    const { clock = systemClock, ...given } = raw
    const ranges = { perSecond: [Number.MIN_VALUE, 1_000_000], burst: [1] } as const
    const { perSecond, burst } = ranged('dialLimit', given, ranges, { burst: Math.max(1, given.perSecond) })
    assertMethods('dialLimit.clock', clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
    this.#scope = new Scope(clock)
    this.#bucket = new Bucket(perSecond, burst, clock.monotonicMs())
    this[Symbol.dispose ?? 'dispose'] = this.dispose.bind(this)
  }

  /**
   * Puts a session under this limit: for the option `plugs`. Each gets its turn when it asks, in order, and keeps it: a place
   * in the line that is not used for a dial, because somebody else forbade it, is there for the next attempt.
   */
  readonly plug: Plug<Settings> = ({ settings, scope, events }) => {
    const life = linkedScope(this.#scope, scope)
    let dueAtMs: number | undefined
    life.defer(() => {
      if (dueAtMs !== undefined) this.#bucket.put(1)
    })
    const listener = events.on('state', ({ state }) => {
      if (state.name === 'connecting' && state.phase === 'dial') dueAtMs = undefined
    })
    life.defer(listener)
    const mayStayMs = Math.min(SHORT_MS, settings.connect.resolveTimeoutMs / 2)
    return {
      settings: alsoAsk(settings, (context) => {
        if (life.ended) return undefined
        dueAtMs ??= this.#nextTurnMs()
        const leftMs = dueAtMs - this.#nowMs
        if (leftMs <= 0) return undefined
        if (leftMs <= mayStayMs) return this.#wait(leftMs, context)
        // The session comes back up to half later than it is told, and this must not be after its turn.
        return { retryAfterMs: Math.max(1, (leftMs * 2) / 3), cause: dialRate }
      }),
    }
  }

  /** Ends the limit: the sessions go on without one; an attempt that waits fails with `closed`. A second call does nothing. */
  dispose(): void {
    this.#scope.end()
  }

  /** Takes the next turn, and tells when it is. */
  #nextTurnMs(): number {
    const nowMs = this.#nowMs
    const waitMs = this.#bucket.msUntil(1, nowMs)
    this.#bucket.take(1)
    return nowMs + waitMs
  }

  #wait(delayMs: number, { signal }: AttemptContext): Promise<NotYet | undefined> {
    return new Promise((resolve, reject) => {
      const wait = this.#scope.child()
      const done = () => {
        resolve(undefined)
        wait.end()
      }
      wait.defer(() => reject(new HoldfastError('closed', 'dial limit: disposed')))
      wait.listen(signal, 'abort', done)
      wait.timeout(delayMs, done)
    })
  }

  get #nowMs(): number {
    return this.#scope.clock.monotonicMs()
  }
}

/**
 * Makes a limit for how often sessions dial. Give its `plug` to all that share it.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const dials = dialLimit({ perSecond: 5 })
 * const session = connect('wss://chat.example/live', { plugs: [dials.plug] })
 */
export function dialLimit(options: DialLimitOptions): DialLimit {
  return new DialLimit(options)
}

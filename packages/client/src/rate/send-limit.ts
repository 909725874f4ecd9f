import { type Clock, Scope, systemClock } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import type { Cause } from '../cause.ts'
import { linkedScope } from '../flow/linked-scope.ts'
import { ranged } from '../flow/ranged.ts'
import type { Settings } from '../options.ts'
import type { Plug } from '../plug.ts'
import { LimitedSender, wireBytes } from './limited-sender.ts'
import { PacedBucket } from './paced-bucket.ts'
import { Turnstile } from './turnstile.ts'

/** How fast sessions may send. */
export interface SendLimitOptions {
  /** Messages a second, above 0. `Infinity`: not limited by number. */
  readonly perSecond: number
  /**
   * Messages that may go at once after a pause. Default: a tenth of `perSecond`, at least 1. At least 1. What comes in while it
   * is full is lost, so with a burst of less than a few milliseconds' worth late timers make the rate a little lower.
   */
  readonly burst?: number
  /** Bytes a second, above 0; text counts as UTF-8. Default `Infinity`: not limited by size. */
  readonly bytesPerSecond?: number
  /** Bytes that may go at once after a pause. Default: a tenth of `bytesPerSecond`. At least 1; a larger message goes all the same. */
  readonly burstBytes?: number
  /**
   * Asked why a connection ended: what it gives is done as with `slowDown`. Default: the close code 4429 (too many requests)
   * is answered with `{}`, half the rate for ten seconds; everything else with nothing.
   */
  readonly heed?: (cause: Cause) => SlowDown | undefined
  /** The clock of the sessions. Default: the machine's time. */
  readonly clock?: Clock
}

/** How a server wants a client to slow down. */
export interface SlowDown {
  /** Messages a second, from 0; bytes are slowed down in proportion. Default: half of the present rate, once in `forMs`. */
  readonly perSecond?: number
  /** For how long, in milliseconds; then the rate rises by a tenth of the full one each second. Default 10,000. At least 1. */
  readonly forMs?: number
}

const tenSeconds = { forMs: 10_000 }

/** Holds what sessions send to a rate. Made by `sendLimit()`. */
export class SendLimit {
  readonly #scope: Scope
  readonly #perSecond: number
  readonly #messages: PacedBucket | undefined
  readonly #bytes: PacedBucket | undefined
  readonly #turnstile: Turnstile
  readonly #heed: (cause: Cause) => SlowDown | undefined
  /** Until then a server that does not say how slow has been heard. */
  #heardUntilMs = 0

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void

  /** As `sendLimit()`. */
  constructor(raw: SendLimitOptions) {
    must(raw && typeof raw === 'object', TypeError, 'sendLimit', 'an object', raw)
    const { clock = systemClock, heed = heedTooMany, ...given } = raw
    const { perSecond, burst, bytesPerSecond, burstBytes } = resolveRates(given)
    assertMethods('sendLimit', { heed }, ['heed'])
    assertMethods('sendLimit.clock', clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
    const nowMs = clock.monotonicMs()
    this.#scope = new Scope(clock)
    this.#perSecond = perSecond
    this.#messages = perSecond < Infinity ? new PacedBucket(perSecond, burst, nowMs) : undefined
    this.#bytes = bytesPerSecond < Infinity ? new PacedBucket(bytesPerSecond, burstBytes, nowMs) : undefined
    this.#turnstile = new Turnstile(this.#scope, this.#messages, this.#bytes)
    this.#heed = heed
    this[Symbol.dispose ?? 'dispose'] = this.dispose.bind(this)
  }

  /**
   * Puts a session under this limit: for the option `plugs`. All sessions that use it share the rate, in turn. What has to
   * wait waits in the session's queue, with its bounds and its receipts. Pings and the closing handshake are not held up, and
   * neither is what `onConnected` sends, which is counted.
   */
  readonly plug: Plug<Settings> = ({ settings, outbound, scope, events }) => {
    const turnstile = this.#turnstile
    const bytesOf = this.#bytes ? wireBytes : () => 0
    const life = linkedScope(this.#scope, scope)
    const listener = events.on('state', ({ state, previous }) => {
      const slowDown = previous.name === 'open' && 'cause' in state ? this.#heed(state.cause) : undefined
      if (slowDown) this.slowDown(slowDown)
    })
    life.defer(listener)
    const { onConnected, createSocket } = settings
    const { highWaterBytes } = settings.queue
    const sender = new LimitedSender(outbound, { turnstile, bytesOf, highWaterBytes })
    return {
      settings: {
        ...settings,
        // What resume mode sends again does not come from the queue.
        createSocket:
          settings.resume && createSocket ? (...dial) => sender.limit(createSocket(...dial)) : createSocket,
        onConnected:
          onConnected &&
          ((context) =>
            onConnected({
              ...context,
              send: (message) => {
                sender.charge(message)
                context.send(message)
              },
            })),
      },
      outbound: sender,
    }
  }

  /** Messages a second at present; lower than the option while the server wants it slower. */
  get perSecond(): number {
    return this.#perSecond * this.#share
  }

  /** Messages that may go at once now; less than 0 while what went ahead of its time is paid back. `Infinity`: any number. */
  get tokens(): number {
    return this.#messages?.tokens(this.#nowMs) ?? Infinity
  }

  /** How many sessions have something to send and no token for it. */
  get waiting(): number {
    return this.#turnstile.waiting
  }

  /**
   * Slows down, because the server says so. A further call takes the place of the one before; without `perSecond` it makes no
   * difference while an earlier one holds, as many sessions may be told at once. After `dispose()` it does nothing.
   * @throws TypeError or RangeError when `perSecond` is no number from 0 on, or there is no limit by number, or `forMs` is
   *   no number from 1 on
   */
  slowDown(options: SlowDown = {}): void {
    const { forMs, perSecond } = ranged(
      'slowDown',
      options,
      { perSecond: [0], forMs: [1] },
      { ...tenSeconds, perSecond: this.perSecond / 2 },
    )
    const isTold = options.perSecond !== undefined
    must(
      this.#messages || !isTold,
      RangeError,
      'slowDown.perSecond',
      'left out without a limit by number',
      perSecond,
    )
    const nowMs = this.#nowMs
    if (!isTold && nowMs < this.#heardUntilMs) return
    this.#heardUntilMs = nowMs + forMs
    const share = isTold ? perSecond / this.#perSecond : this.#share / 2
    this.#messages?.slow(share, forMs, nowMs)
    this.#bytes?.slow(share, forMs, nowMs)
    this.#turnstile.rearm()
  }

  /** Ends the limit: what waits goes at once, and the sessions go on without one. A second call does nothing. */
  dispose(): void {
    this.#scope.end()
  }

  get #share(): number {
    return (this.#messages ?? this.#bytes)?.share(this.#nowMs) ?? 1
  }

  get #nowMs(): number {
    return this.#scope.clock.monotonicMs()
  }
}

function resolveRates(
  given: object,
): Record<'perSecond' | 'burst' | 'bytesPerSecond' | 'burstBytes', number> {
  const positive = [Number.MIN_VALUE] as const
  const ranges = { perSecond: positive, bytesPerSecond: positive, burst: [1], burstBytes: [1] } as const
  // The rates are looked at first, for the bursts follow from them.
  const { perSecond, bytesPerSecond } = ranged('sendLimit', given, ranges, {
    bytesPerSecond: Infinity,
    burst: 1,
    burstBytes: 1,
  })
  const tenth = (rate: number) => Math.max(1, rate / 10)
  return ranged('sendLimit', given, ranges, {
    bytesPerSecond: Infinity,
    burst: tenth(perSecond),
    burstBytes: tenth(bytesPerSecond),
  })
}

/** 4429 is how applications say HTTP's 429 in a close frame. */
function heedTooMany(cause: Cause): SlowDown | undefined {
  return cause.kind === 'server-close' && cause.code === 4429 ? {} : undefined
}

/**
 * Makes a limit for what sessions send. Give its `plug` to one session, or to all that share it.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const limit = sendLimit({ perSecond: 50, burst: 10 })
 * const session = connect('wss://chat.example/live', { plugs: [limit.plug] })
 */
export function sendLimit(options: SendLimitOptions): SendLimit {
  return new SendLimit(options)
}

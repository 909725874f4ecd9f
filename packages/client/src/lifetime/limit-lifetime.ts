import { type Clock, Scope, surface, systemClock, unrefClock } from '@holdfast/lifetime'
import { assertMethods, assertNumber, fill } from '../bounds.ts'
import type { Session } from '../session.ts'

/** How long a session and its connections may live. */
export interface LifetimeOptions {
  /**
   * Without a message of the application in either direction for this long, in milliseconds, at least 1, an open session is
   * paused, with the cause `idle`. Pings and answers to them do not count. Default `Infinity`: never.
   */
  readonly idleTimeoutMs?: number | undefined
  /**
   * A connection this old, in milliseconds, at least 1, is replaced, with the cause `max-lifetime`. Default `Infinity`: never.
   * In plain mode that is a lost connection like any other: what is on its way then is lost.
   */
  readonly maxConnectionMs?: number | undefined
  /** The share of `maxConnectionMs` up to which each connection lives shorter, drawn anew: 0 to 1. Default 0.1. */
  readonly jitter?: number | undefined
  /**
   * The session is closed this long after the limit was set, in milliseconds, at least 1, with code 1000 and the reason
   * `max-lifetime`, by which its cause is known. Default `Infinity`: never.
   */
  readonly maxSessionMs?: number | undefined
  /** How long the session may go on sending what waits when `maxSessionMs` is over, in milliseconds. Default 0. */
  readonly drainMs?: number | undefined
  /**
   * Tells that the connection is needed though nothing comes or goes, for example `() => api.pending > 0`. Then it is not
   * idle, and is replaced for its age only once it is free, or `graceMs` later. Default: never.
   */
  readonly busy?: (() => boolean) | undefined
  /** See `busy`. In milliseconds, at least 1. Default 30,000; `Infinity`: for as long as it is busy. */
  readonly graceMs?: number | undefined
  /** Default: the machine's time. The timers do not keep a Node process alive. */
  readonly clock?: Clock | undefined
  /** Gives numbers in [0, 1) for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** How often each limit was reached. */
export interface LifetimeCounts {
  /** The session was idle and was paused. */
  readonly idle: number
  /** A connection was old enough and was replaced. */
  readonly connection: number
  /** The session was old enough and was closed: at most 1. */
  readonly session: number
}

/** The options as they are used: nothing left out. */
export type Limits = {
  readonly [Name in keyof LifetimeOptions]-?: Exclude<LifetimeOptions[Name], undefined>
}

const preset: Omit<Limits, 'jitter'> = {
  idleTimeoutMs: Infinity,
  maxConnectionMs: Infinity,
  maxSessionMs: Infinity,
  graceMs: 30_000,
  drainMs: 0,
  busy: () => false,
  clock: systemClock,
  random: Math.random,
}

/** While a connection is busy, it is asked this often whether it still is. */
const LOOK_AGAIN_MS = 1_000
/** A timer that comes this much late was held up; then messages may be waiting behind it. */
const LATE_MS = 1_000

/** The limits set on one session. Make them with `limitLifetime`. */
export class Lifetime {
  readonly #session: Session
  readonly #limits: Limits
  readonly #scope: Scope
  readonly #counts = { idle: 0, connection: 0, session: 0 }
  /** Ends with the connection. */
  #connection: Scope
  /** When the last message came or went. */
  #lastMs = 0
  declare [Symbol.dispose]: () => void

  constructor(session: Session, limits: Limits) {
    this.#session = session
    this.#limits = limits
    this.#scope = new Scope(unrefClock(limits.clock))
    this.#connection = this.#scope.child()
    const touch = () => {
      this.#lastMs = limits.clock.monotonicMs()
    }
    // What is added to a scope after its end is released at once.
    if (session.state.name === 'closed') this.#scope.end()
    this.#scope.defer(session.on('message', touch))
    this.#scope.defer(session.on('sent', touch))
    this.#scope.defer(session.on('state', () => this.#moved()))
    this.#scope.defer(session.on('closed', () => this.dispose()))
    this.#scope.timeout(limits.maxSessionMs, () => this.#endSession())
    this.#moved()
  }

  /** How often each limit was reached so far: a copy. */
  get counts(): LifetimeCounts {
    return { ...this.#counts }
  }

  /** Takes the limits off; the session goes on. Idempotent. */
  dispose(): void {
    this.#scope.end()
  }

  #moved(): void {
    const { state } = this.#session
    const { clock, maxConnectionMs, idleTimeoutMs, jitter, random } = this.#limits
    this.#connection.end()
    this.#connection = this.#scope.child()
    if (state.name !== 'open') return
    this.#lastMs = clock.monotonicMs()
    this.#wait(idleTimeoutMs, () => this.#lookIdle())
    const lifetimeMs = maxConnectionMs * (1 - random() * jitter)
    const dueAt = state.since + lifetimeMs
    this.#wait(dueAt - clock.now(), () => this.#lookAge(state.since, dueAt))
  }

  /** Runs `look` after this time; and when that comes late, after what has arrived meanwhile was read. */
  #wait(delayMs: number, look: () => void): void {
    const connection = this.#connection
    const { clock } = this.#limits
    const dueAt = clock.now() + delayMs
    connection.timeout(delayMs, () => {
      if (clock.now() - dueAt > LATE_MS) connection.timeout(0, look)
      else look()
    })
  }

  #lookIdle(): void {
    const { clock, idleTimeoutMs } = this.#limits
    const idleMs = clock.monotonicMs() - this.#lastMs
    const again = (delayMs: number) => this.#wait(delayMs, () => this.#lookIdle())
    if (idleMs < idleTimeoutMs) return again(idleTimeoutMs - idleMs)
    if (this.#session.queue.size > 0 || this.#isBusy()) return again(LOOK_AGAIN_MS)
    this.#counts.idle += 1
    this.#session.pause({ kind: 'idle', idleMs: Math.round(idleMs) })
  }

  #lookAge(since: number, dueAt: number): void {
    const { clock, graceMs } = this.#limits
    const leftMs = dueAt + graceMs - clock.now()
    if (leftMs > 0 && this.#isBusy()) {
      return this.#wait(Math.min(LOOK_AGAIN_MS, leftMs), () => this.#lookAge(since, dueAt))
    }
    this.#counts.connection += 1
    this.#session.reconnect({ cause: { kind: 'max-lifetime', ageMs: Math.round(clock.now() - since) } })
  }

  #endSession(): void {
    this.#counts.session += 1
    void this.#session.close({ reason: 'max-lifetime', drainMs: this.#limits.drainMs })
  }

  #isBusy(): boolean {
    try {
      return this.#limits.busy()
    } catch (error) {
      // A timer has no caller that could catch it, and a bug of the user's must not hold a connection for ever.
      surface(error)
      return false
    }
  }
}

const { prototype } = Lifetime
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose

/**
 * Limits how long a session may be idle, and how long its connections and itself may live. Ends with the session, or by
 * `dispose()`. What is paused as `idle` goes on with `session.reconnect()`, or with the next `send` if the session was made
 * with the plug `wakeOnSend()`.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const session = connect(url, { plugs: [wakeOnSend()] })
 * limitLifetime(session, { idleTimeoutMs: 300_000, maxConnectionMs: 3_600_000 })
 */
export function limitLifetime(session: Session, options: LifetimeOptions): Lifetime {
  const { jitter = 0.1, ...others } = options ?? {}
  assertNumber('lifetime.jitter', jitter, 0, 1)
  const limits = fill('lifetime', others, preset)
  assertMethods('lifetime.clock', limits.clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  return new Lifetime(session, { ...limits, jitter })
}

import { type Clock, Scope, systemClock, unrefClock } from '@holdfast/lifetime'
import { assertMethods, fill } from '../bounds.ts'
import type { Cause } from '../cause.ts'
import type { Session, StateChange } from '../session.ts'
import type { State } from '../state.ts'
import { messageBytes } from './message-bytes.ts'
import { Samples, type Spread } from './samples.ts'
import { userTiming } from './user-timing.ts'

/** How a session is counted. */
export interface StatsOptions {
  /** How often `session.rttMs` is looked at, in milliseconds, at least 1. Default 5,000; `Infinity`: only at changes of state. */
  readonly sampleMs?: number | undefined
  /** How many round-trip times the percentiles are made from: the latest. Default 256. At least 1. */
  readonly maxSamples?: number | undefined
  /**
   * Writes each state that the session leaves into the platform's timeline (User Timing), as measures `holdfast:open`,
   * `holdfast:waiting` and so on, of which at most 100 each are kept there. Default `false`.
   */
  readonly userTiming?: boolean | undefined
  /** Default: the machine's time. The timer does not keep a Node process alive. */
  readonly clock?: Clock | undefined
}

/** What happened in a session since `since`. Plain JSON. */
export interface StatsSnapshot {
  /** When the counting began: the call of `stats`, or of `reset`. Epoch ms. */
  readonly since: number
  /** For how long it has been counting, in milliseconds. */
  readonly durationMs: number
  /** Where the session is. */
  readonly state: State['name']
  /** How long it was in each state, in milliseconds. */
  readonly stateMs: Readonly<Record<State['name'], number>>
  /** Messages that arrived, and that were handed to a connection. What a reconnect sends again is not counted twice. */
  readonly messages: { readonly in: number; readonly out: number }
  /** The same in bytes of payload, text as UTF-8. */
  readonly bytes: { readonly in: number; readonly out: number }
  /** Attempts to connect, with the one that was under way when the counting began. */
  readonly attempts: number
  /** Connections that opened. */
  readonly opens: number
  /** Those of them that were not the first. */
  readonly reconnects: number
  /** Those of them with which the session at the server went on. Resume mode only. */
  readonly resumes: number
  /** How often the session at the server could not go on. Resume mode only. */
  readonly gaps: number
  /** How often the session waited, was idle or ended for each kind of cause. */
  readonly causes: Readonly<Partial<Record<Cause['kind'], number>>>
  /** How often the server closed with each code. */
  readonly closeCodes: Readonly<Record<string, number>>
  /** Round-trip times in milliseconds; `null` before the first answered ping. */
  readonly rttMs: Spread | null
}

/** The options as they are used: nothing left out. */
export type ResolvedStatsOptions = {
  readonly [Name in keyof StatsOptions]-?: Exclude<StatsOptions[Name], undefined>
}

const preset: ResolvedStatsOptions = {
  sampleMs: 5_000,
  maxSamples: 256,
  userTiming: false,
  clock: systemClock,
}

const noCounts = () => ({ attempts: 0, opens: 0, reconnects: 0, resumes: 0, gaps: 0 })
const noTime = () => ({ idle: 0, connecting: 0, open: 0, waiting: 0, closing: 0, closed: 0 })

/** Counts what one session does. Make it with `stats`. */
export class Stats {
  readonly #session: Session
  readonly #clock: Clock
  readonly #scope: Scope
  readonly #sampleMs: number
  readonly #rtt: Samples
  #seenRttMs: number | undefined
  #since = 0
  #beganMs = 0
  #enteredMs = 0
  /** When the counting stopped. */
  #endedMs: number | undefined
  /** The state whose time is running. */
  #name: State['name']
  #stateMs = noTime()
  #messages = { in: 0, out: 0 }
  #bytes = { in: 0, out: 0 }
  #counts = noCounts()
  readonly #causes = new Map<string, number>()
  readonly #closeCodes = new Map<string, number>()
  declare [Symbol.dispose]: () => void

  constructor(session: Session, options: ResolvedStatsOptions) {
    const { clock, sampleMs, maxSamples } = options
    this.#session = session
    this.#clock = clock
    this.#sampleMs = sampleMs
    this.#scope = new Scope(unrefClock(clock))
    this.#rtt = new Samples(maxSamples)
    this.#name = session.state.name
    this.#begin()
    if (this.#name === 'closed') this.#scope.end()
    this.#listen(options)
    this.#sampleLater()
  }

  /** Tells what happened so far: a copy, plain JSON. Also after the end of the session, of which it keeps the final count. */
  snapshot(): StatsSnapshot {
    this.#sample()
    const name = this.#name
    const spentMs = this.#nowMs() - this.#enteredMs
    return {
      since: this.#since,
      durationMs: this.#nowMs() - this.#beganMs,
      state: name,
      stateMs: { ...this.#stateMs, [name]: this.#stateMs[name] + spentMs },
      messages: { ...this.#messages },
      bytes: { ...this.#bytes },
      ...this.#counts,
      causes: Object.fromEntries(this.#causes),
      closeCodes: Object.fromEntries(this.#closeCodes),
      rttMs: this.#rtt.spread(),
    }
  }

  /** Begins to count anew. */
  reset(): void {
    this.#stateMs = noTime()
    this.#messages = { in: 0, out: 0 }
    this.#bytes = { in: 0, out: 0 }
    this.#counts = noCounts()
    this.#causes.clear()
    this.#closeCodes.clear()
    this.#rtt.clear()
    this.#begin()
  }

  /** Stops counting, as the end of the session does; what was counted stays. Idempotent. */
  dispose(): void {
    if (this.#scope.ended) return
    this.#sample()
    this.#stateMs[this.#name] += this.#nowMs() - this.#enteredMs
    this.#enteredMs = this.#nowMs()
    this.#endedMs = this.#enteredMs
    this.#scope.end()
  }

  /** The present, which stands still once the counting has stopped. */
  #nowMs(): number {
    return this.#endedMs ?? this.#clock.monotonicMs()
  }

  #begin(): void {
    this.#since = this.#clock.now()
    this.#beganMs = this.#nowMs()
    this.#enteredMs = this.#beganMs
    if (this.#name === 'connecting') this.#counts.attempts = 1
  }

  /** Registers a handler for each event. Those of messages only add up numbers. */
  #listen({ userTiming: timed }: ResolvedStatsOptions): void {
    const session = this.#session
    const scope = this.#scope
    const bytesOf = messageBytes()
    const time = timed ? userTiming() : undefined
    scope.defer(
      session.on('message', (message) => {
        this.#messages.in += 1
        this.#bytes.in += bytesOf(message)
      }),
    )
    scope.defer(
      session.on('sent', (message) => {
        this.#messages.out += 1
        this.#bytes.out += bytesOf(message)
      }),
    )
    scope.defer(
      session.on('state', (change) => {
        time?.(change)
        this.#moved(change)
      }),
    )
    scope.defer(session.on('gap', () => void (this.#counts.gaps += 1)))
    // Not to `error`: who listens for it takes handler errors away from `reportError`.
    scope.defer(session.on('closed', () => this.dispose()))
  }

  #moved({ state, previous }: StateChange): void {
    const nowMs = this.#nowMs()
    this.#stateMs[this.#name] += nowMs - this.#enteredMs
    this.#enteredMs = nowMs
    this.#name = state.name
    if ('cause' in state) {
      bump(this.#causes, state.cause.kind)
      if (state.cause.kind === 'server-close') bump(this.#closeCodes, String(state.cause.code))
    }
    if (state.name === 'connecting' && previous.name !== 'connecting') this.#counts.attempts += 1
    if (state.name !== 'open') return
    this.#counts.opens += 1
    if (state.resumed !== 'first') this.#counts.reconnects += 1
    if (state.resumed === true) this.#counts.resumes += 1
  }

  /** Takes a round-trip time that was not seen before. */
  #sample(): void {
    const { rttMs } = this.#session
    if (rttMs !== undefined && rttMs !== this.#seenRttMs) this.#rtt.add(rttMs)
    this.#seenRttMs = rttMs
  }

  #sampleLater(): void {
    this.#scope.timeout(this.#sampleMs, () => {
      this.#sample()
      this.#sampleLater()
    })
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const { prototype } = Stats
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose

/**
 * Counts what a session does, from now on, until it ends or `dispose()`. Costs a message a few additions.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const counted = stats(session)
 * setInterval(() => report(counted.snapshot()), 60_000)
 */
export function stats(session: Session, options: StatsOptions = {}): Stats {
  const settings = fill('stats', options, preset)
  assertMethods('stats.clock', settings.clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  return new Stats(session, settings)
}

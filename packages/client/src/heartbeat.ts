import { guard, none, type Release, type Scope } from '@holdfast/lifetime'
import { assertNumber } from './bounds.ts'
import type { Incoming, Message } from './message.ts'

/** How a session finds out that a connection which looks open is dead. */
export interface HeartbeatOptions {
  /** Milliseconds from one ping to the next, drawn up to a tenth shorter. Default 25,000; `Infinity`: no heartbeat. */
  readonly intervalMs: number
  /** How long after a ping anything must have arrived, in milliseconds. Default 10,000. */
  readonly timeoutMs: number
  /** The same for a probe, which is a ping at a moment of doubt. Default 3,000. */
  readonly probeMs: number
  /**
   * Where no ping can be sent (a browser, and no `ping` given): silence of this length means dead. Default `Infinity`:
   * silence proves nothing.
   */
  readonly expectTrafficMs: number
  /** Makes a message that the server answers. Default: the protocol's own ping, which only `ws` in Node can send. */
  readonly ping: (() => Message) | undefined
  /** Tells whether a message is the answer. Asked only while one is awaited, and keeps that one from `message`. */
  readonly isPong: ((message: Incoming) => boolean) | undefined
  /** Changes the interval from what happens, see `holdfast/adaptive`. Default: none, the interval is fixed. */
  readonly strategy: HeartbeatStrategy | undefined
}

/** Chooses the interval between pings. One strategy object belongs to one session. */
export interface HeartbeatStrategy {
  /** Gives the interval to use, in milliseconds. `intervalMs` is the configured one; a longer answer is cut to it. */
  intervalMs(intervalMs: number): number
  /** Is told of every connection that the other side ended, and how long it had been idle both ways before. */
  lost(idleMs: number): void
}

/** What a probe found. `unknown`: there is no way to tell. */
export type ProbeResult = 'alive' | 'dead' | 'unknown'

/** What the heartbeat needs from a connection. */
export interface Pulse {
  /** Sends a ping of the protocol with this payload; absent where the platform has none. */
  readonly ping: ((payload: string) => void) | undefined
  /** Sends a message past the queue. */
  send(message: Message): unknown
  /** The connection is dead: nothing arrived for this long. */
  dead(silentMs: number): void
  /** A function of the user's threw. */
  failed(error: unknown): void
}

/** Timers that come this much late were held up; then what arrived meanwhile may be waiting behind them. */
const LATE_MS = 1_000
/** After this many late timers in a row with no sign of life in between, lateness is no excuse any more. */
const MOST_DOUBTS = 2

/**
 * Watches one connection, and nothing of it is carried to the next. Any inbound frame is life; only silence after a question
 * is death.
 */
export class Heartbeat {
  readonly #scope: Scope
  readonly #options: HeartbeatOptions
  readonly #pulse: Pulse
  readonly #random: () => number
  readonly #canAsk: boolean
  /** When the question was asked that is out now; `undefined` while none is. */
  #askedAtMs: number | undefined
  #arrived = 0
  /** How much had arrived when it was asked. */
  #arrivedBefore = 0
  #asked = 0
  /** How many pings of the application are out, since the last one that was due. */
  #unanswered = 0
  /** Epoch ms at which the timer that runs is due. */
  #dueAt = 0
  #lastArrivalMs: number
  #lastSentMs = 0
  #rttMs: number | undefined
  #cancelTimer: Release | undefined
  /** Of those who wait for a sign of life: each is to be told. */
  #probes: readonly (() => void)[] = none

  /** Starts watching; ends with the scope. */
  constructor(scope: Scope, options: HeartbeatOptions, pulse: Pulse, random: () => number) {
    this.#scope = scope
    this.#options = options
    this.#pulse = pulse
    this.#random = random
    this.#canAsk = Boolean(options.ping ?? pulse.ping)
    this.#lastArrivalMs = this.#nowMs
    this.#rest()
  }

  /** Round-trip time of the last answered ping in milliseconds; `undefined` before the first. */
  get rttMs(): number | undefined {
    return this.#rttMs
  }

  /** Notes that a frame arrived, of whatever kind. Called for every frame, so it does no more. */
  alive(): void {
    this.#arrived += 1
    this.#lastArrivalMs = this.#nowMs
  }

  /** Notes that a message was sent. */
  wrote(): void {
    this.#lastSentMs = this.#nowMs
  }

  /** Tells the strategy that the other side ended the connection. */
  lost(): void {
    const idleMs = this.#nowMs - Math.max(this.#lastArrivalMs, this.#lastSentMs)
    const failed = (error: unknown) => this.#pulse.failed(error)
    void guard(() => this.#options.strategy?.lost(idleMs), failed)
  }

  /** Tells whether `message` is the answer to a ping that is out; if so it is for nobody else. */
  consumes(message: Incoming): boolean {
    if (this.#unanswered === 0 || !this.#attempt(() => this.#options.isPong?.(message))) return false
    this.#unanswered -= 1
    // With another ping still out, this is the answer to the earlier one.
    this.#answered(this.#unanswered === 0)
    return true
  }

  /** Takes an answer to a ping of the protocol. */
  pong(payload: string): void {
    this.alive()
    this.#answered(payload === String(this.#asked))
  }

  /** Asks now, with the short limit, and tells what came of it. Joins a question that is decided as soon anyway. */
  probe(): Promise<ProbeResult> {
    if (!this.#canAsk) return Promise.resolve('unknown')
    if (this.#scope.ended) return Promise.resolve('dead')
    return new Promise((resolve) => {
      const over = this.#scope.defer(() => resolve('dead'))
      const alive = () => {
        resolve('alive')
        over()
      }
      this.#probes = this.#probes.concat(alive)
      const { probeMs } = this.#options
      const decidedInMs = this.#dueAt - this.#scope.clock.now()
      if (this.#askedAtMs === undefined || decidedInMs > probeMs) this.#ask(probeMs)
    })
  }

  get #nowMs(): number {
    return this.#scope.clock.monotonicMs()
  }

  /** Waits for the next ping; or where none can be sent, for the moment at which silence is too long. */
  #rest(): void {
    this.#askedAtMs = undefined
    const { expectTrafficMs } = this.#options
    if (this.#canAsk) this.#wait(this.#intervalMs() * (1 - this.#random() / 10), 0)
    else this.#ask(expectTrafficMs - (this.#nowMs - this.#lastArrivalMs))
  }

  /** The configured interval, or the strategy's where that is shorter. */
  #intervalMs(): number {
    const { intervalMs, strategy } = this.#options
    const chosenMs = this.#attempt(() => {
      const ms = strategy?.intervalMs(intervalMs) ?? intervalMs
      assertNumber('strategy.intervalMs()', ms, 1)
      return ms
    })
    return Math.min(intervalMs, chosenMs ?? intervalMs)
  }

  /** @param doubts how many times in a row the answer was waited for in vain by a timer that came late itself */
  #ask(limitMs: number, doubts = 0): void {
    const { ping } = this.#options
    this.#arrivedBefore = this.#arrived
    this.#askedAtMs = this.#canAsk ? this.#nowMs : this.#lastArrivalMs
    this.#asked += 1
    this.#wait(limitMs, doubts)
    this.#attempt(() => {
      if (ping) {
        this.#pulse.send(ping())
        this.#unanswered += 1
      } else this.#pulse.ping?.(String(this.#asked))
    })
  }

  /** One timer per connection, whatever it is for. */
  #wait(delayMs: number, doubts: number): void {
    this.#dueAt = this.#scope.clock.now() + delayMs
    this.#cancelTimer?.()
    this.#cancelTimer = this.#scope.timeout(delayMs, () => this.#due(delayMs, doubts))
  }

  /** The time has come: for the next ping, or to judge what came of the last one. */
  #due(delayMs: number, doubts: number): void {
    const { timeoutMs, probeMs } = this.#options
    const isLate = this.#scope.clock.now() - this.#dueAt > Math.max(LATE_MS, delayMs)
    if (this.#askedAtMs === undefined) {
      this.#unanswered = 0
      this.#ask(isLate ? probeMs : timeoutMs)
    } else if (isLate && doubts < MOST_DOUBTS) {
      // Held up ourselves: let what already arrived be read, then ask again rather than judge.
      this.#cancelTimer = this.#scope.timeout(0, () => this.#judge(doubts + 1))
    } else this.#judge(0)
  }

  #judge(doubts: number): void {
    const { probeMs } = this.#options
    if (this.#arrived > this.#arrivedBefore) this.#settled()
    else if (doubts > 0) this.#ask(probeMs, doubts)
    else this.#pulse.dead(Math.round(this.#nowMs - (this.#askedAtMs ?? 0)))
  }

  /** An answer came. One to an earlier ping is life, but no measurement. */
  #answered(toTheLast: boolean): void {
    if (this.#askedAtMs === undefined) return
    if (toTheLast) this.#rttMs = this.#nowMs - this.#askedAtMs
    this.#settled()
  }

  #settled(): void {
    this.#rest()
    const probes = this.#probes
    this.#probes = none
    for (const alive of probes) alive()
  }

  /** Runs a function of the user's; what it throws is reported, and nothing comes back. */
  #attempt<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      this.#pulse.failed(error)
      return undefined
    }
  }
}

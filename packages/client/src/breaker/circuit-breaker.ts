import { Emitter, type ListenOptions, type Release, Scope, surface } from '@holdfast/lifetime'
import { alsoAsk } from '../flow/also-ask.ts'
import { linkedScope } from '../flow/linked-scope.ts'
import type { NotYet, Settings } from '../options.ts'
import type { Plug } from '../plug.ts'
import type { AttemptContext } from '../target.ts'
import { ranged } from '../flow/ranged.ts'
import { type BreakerOptions, resolveBreakerOptions } from './breaker-options.ts'
import type { CircuitEvents, CircuitState, TripReason } from './circuit-state.ts'
import { breakerOpen, type GuardHost, GuardedSession } from './guarded-session.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { SlidingWindow, type Tally } from './sliding-window.ts'
import { watchAttempts } from './watch-attempts.ts'

/** While a probe is under way, others ask again after this long; when it succeeds they are called earlier. */
const PROBE_WAIT_MS = 1_000

/**
 * Keeps sessions from dialling a server that is in trouble: CLOSED, OPEN, HALF-OPEN over a sliding window. Made by
 * `circuitBreaker()`.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions
  readonly #scope: Scope
  readonly #events: Emitter<CircuitEvents>
  readonly #window: SlidingWindow
  readonly #guarded = new Set<GuardedSession>()
  readonly #host: GuardHost
  #state: CircuitState = { name: 'closed' }
  /** While open: since when, and when a probe may go, on the monotonic clock. */
  #sinceMs = 0
  #untilMs = 0

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void

  /** As `circuitBreaker()`. */
  constructor(raw: Partial<BreakerOptions> = {}) {
    const options = resolveBreakerOptions(raw)
    this.#options = options
    this.#scope = new Scope(options.clock)
    this.#events = new Emitter(this.#scope.child(), surface)
    this.#window = new SlidingWindow(options.windowCalls, options.windowMs)
    this[Symbol.dispose ?? 'dispose'] = this.dispose.bind(this)
    this.#host = {
      earlyMs: options.earlyMs,
      outcomeOf: (cause) => options.outcomeOf(cause) ?? outcomeOf(cause),
      settled: (pass, outcome, tookMs) => this.#settled(pass, outcome, tookMs),
    }
  }

  /** Puts a session under this breaker: for the option `plugs`. All sessions that use it share one circuit. */
  readonly plug: Plug<Settings> = ({ session, settings, scope, events }) => {
    const life = linkedScope(this.#scope, scope)
    const guarded = new GuardedSession(session, life, this.#host)
    life.defer(() => this.#guarded.delete(guarded))
    if (!life.ended) this.#guarded.add(guarded)
    watchAttempts(events, life, guarded)
    return {
      settings: alsoAsk(settings, (context) => (life.ended ? undefined : this.#ask(guarded, context))),
    }
  }

  /** Where the circuit is. The same object until it changes. */
  get state(): CircuitState {
    return this.#state
  }

  /** What the window holds now. Counts of a closed circuit; they start anew when it closes. */
  get tally(): Tally {
    return this.#window.tally(this.#nowMs)
  }

  /** How many sessions use it that have not ended. */
  get sessions(): number {
    return this.#guarded.size
  }

  /** Registers a handler and returns its undo. After `dispose()` nothing is registered. */
  on<Type extends keyof CircuitEvents>(
    type: Type,
    handler: (event: CircuitEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    return this.#events.on(type, handler, options)
  }

  /**
   * Opens the circuit by hand; connections that are open stay. A further call sets the time anew, one after `dispose()` does
   * nothing.
   * @param options.forMs for how long, in milliseconds, exactly. Default: drawn as ever; `Infinity`: until `reset()`
   * @throws TypeError or RangeError when `forMs` is no number from 1 on
   */
  trip(options: { readonly forMs?: number } = {}): void {
    const { forMs } = ranged('trip', options, { forMs: [1] }, { forMs: this.#drawnMs() })
    if (!this.#scope.ended) this.#open('tripped', forMs)
  }

  /** Closes the circuit by hand and forgets what the window holds. When it is closed already it only forgets. */
  reset(): void {
    this.#close()
  }

  /**
   * Ends the breaker: the sessions go on as if they had none, and those that waited for it come back within
   * `recoverWithinMs`. A second call does nothing.
   */
  dispose(): void {
    if (this.#scope.ended) return
    this.#close()
    this.#scope.end()
  }

  #settled(pass: CircuitState, outcome: Outcome, tookMs: number): void {
    // Let in before the circuit last moved: what it found out is no news.
    if (pass !== this.#state || this.#scope.ended) return
    const { slowMs } = this.#options
    if (pass.name === 'half-open') {
      if (outcome === 'ignored') this.#move({ name: 'half-open', probe: 'none' })
      else if (outcome === 'success' && tookMs < slowMs) this.#close()
      else this.#open('probe', this.#drawnMs())
    } else if (outcome !== 'ignored') {
      this.#window.add(outcome === 'failure' ? 'failed' : tookMs < slowMs ? 'good' : 'slow', this.#nowMs)
      const reason = this.#verdict()
      if (reason) this.#open(reason, this.#drawnMs())
    }
  }

  #verdict(): TripReason | undefined {
    const { failureRate, slowRate, minCalls } = this.#options
    const { calls, failures, slow } = this.tally
    if (calls < minCalls) return undefined
    if (failures / calls >= failureRate) return 'failures'
    return slow / calls >= slowRate ? 'slow' : undefined
  }

  /** May this attempt of this session go on? */
  #ask(guarded: GuardedSession, { cause }: AttemptContext): NotYet | undefined {
    const state = this.#state
    if (state.name === 'closed') {
      guarded.admit(state)
      return undefined
    }
    const waitMs = this.#waitMs(state, cause.kind === 'wake')
    if (waitMs > 0) return { retryAfterMs: Math.max(1, Math.ceil(waitMs)), cause: breakerOpen }
    const probing: CircuitState = { name: 'half-open', probe: 'under-way' }
    guarded.admit(probing)
    this.#move(probing)
    return undefined
  }

  /** How long there can be no probe; 0: it may go now. */
  #waitMs(state: CircuitState, woken: boolean): number {
    if (state.name !== 'open') return state.name === 'half-open' && state.probe === 'none' ? 0 : PROBE_WAIT_MS
    // The network here has just changed: what failed before may have been our own fault, and one probe a second harms nobody.
    const isHopeful = woken && state.reason !== 'tripped' && this.#nowMs - this.#sinceMs >= PROBE_WAIT_MS
    return isHopeful ? 0 : Math.max(0, this.#untilMs - this.#nowMs)
  }

  #open(reason: TripReason, forMs: number): void {
    const { clock } = this.#options
    this.#sinceMs = this.#nowMs
    this.#untilMs = this.#sinceMs + forMs
    this.#move({ name: 'open', retryAt: clock.now() + forMs, reason })
  }

  #close(): void {
    this.#window.clear()
    if (this.#state.name === 'closed') return
    const closed: CircuitState = { name: 'closed' }
    this.#move(closed)
    for (const guarded of this.#guarded) {
      // A handler may have opened it again.
      if (this.state === closed) guarded.recall(this.#options.recoverWithinMs)
    }
  }

  #move(state: CircuitState): void {
    const previous = this.#state
    this.#state = state
    void this.#events.emit('state', { state, previous })
  }

  /** Between half of `openMs` and the whole, so that the clients of one server do not all probe it in the same moment. */
  #drawnMs(): number {
    const { openMs, random } = this.#options
    return Math.max(1, Math.round(openMs * (1 + random())) / 2)
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}

/**
 * Makes a circuit breaker. Give its `plug` to every session that dials the same server.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const breaker = circuitBreaker({ failureRate: 0.5, openMs: 30_000 })
 * const session = connect('wss://chat.example/live', { plugs: [breaker.plug] })
 * breaker.on('state', ({ state }) => console.log(state.name))
 */
export function circuitBreaker(options: Partial<BreakerOptions> = {}): CircuitBreaker {
  return new CircuitBreaker(options)
}

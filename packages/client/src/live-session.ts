import { Emitter, guard, type Resources, Scope, surface } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import { assertNumber, fill } from './bounds.ts'
import type { Cause, Phase } from './cause.ts'
import { closeArguments } from './close-arguments.ts'
import { Connection } from './connection.ts'
import { Course } from './course.ts'
import { answer, HoldfastError } from './errors.ts'
import type { ProbeResult } from './heartbeat.ts'
import { inHook } from './hello.ts'
import { Inbound, type Receiver } from './inbound.ts'
import { delayAfter, judge } from './judge.ts'
import { Line } from './line.ts'
import type { Incoming, Message } from './message.ts'
import type { Settings } from './options.ts'
import { Outbound, type Sender } from './outbound.ts'
import type { PlugHost } from './plug.ts'
import { plugged } from './plugged.ts'
import type { SendOptions } from './queue.ts'
import type {
  CloseOptions,
  ErrorPhase,
  ReconnectOptions,
  Session,
  SessionEnd,
  SessionEvents,
  SessionQueue,
} from './session.ts'
import type { Closed, Idle, State, Waiting } from './state.ts'
import type { Credentials, Provided, TargetSources } from './target.ts'
import { whenOpen } from './when-open.ts'

/** Something that goes with a session and ends with its scope, such as the watch for wake signals. */
export type Attachment = (session: Session, scope: Scope) => void

/** The session itself. One scope owns everything; `#end` ends it, and that is the only way out. */
export class LiveSession implements Session {
  readonly closed: Promise<SessionEnd>
  readonly queue: SessionQueue
  readonly on: Session['on'] = (type, handler, options) => this.#events.on(type, handler, options)
  readonly once: Session['once'] = (type, handler, options) => this.#events.once(type, handler, options)
  readonly opened: Session['opened'] = () => whenOpen(this)
  readonly #settings: Settings
  readonly #scope: Scope
  readonly #events: Emitter<SessionEvents>
  readonly #inbound: Receiver
  readonly #outbound: Sender
  readonly #line: Line
  readonly #course: Course
  #sources: TargetSources
  /** The current connection, or the attempt to get one. */
  #connection: Connection | undefined
  /** Attempts since the last healthy connection. */
  #attempts = 0
  /** Waits since then: after a healthy connection there is one before the first attempt. */
  #retries = 0
  /** What the next connection will be, as `Open.resumed` says it. */
  #resumed: 'first' | false = 'first'
  declare [Symbol.dispose]: () => void
  declare [Symbol.asyncDispose]: () => Promise<void>

  constructor(settings: Settings, sources: TargetSources, attach: Attachment) {
    this.#sources = sources
    this.#scope = new Scope(settings.clock)
    // Scopes end newest first: listeners are made first, so that they are still there when `closed` is told.
    const ears = this.#scope.child()
    this.#events = new Emitter(ears, (error, type) => {
      if (type === 'error') surface(error)
      else this.#report('handler', error)
    })
    this.closed = new Promise((resolve) => this.#scope.defer(() => resolve(this.#finish())))
    this.#line = new Line(this.#scope)
    const plain: PlugHost<Settings> = {
      session: this,
      settings,
      scope: this.#scope,
      events: this.#events,
      outbound: new Outbound(this.#scope, settings.queue, {
        wrote: (message) => this.#events.emit('sent', message),
        failed: (error) => this.#report('send', error),
      }),
      inbound: new Inbound(this.#scope, this.#events, settings.maxUnread),
      sources: () => this.#sources,
    }
    const used = plugged(plain)
    this.#settings = used.settings
    this.#outbound = used.outbound
    this.#inbound = used.inbound
    this.queue = used.outbound.queue
    this.#course = new Course(this.#scope, {
      hangUp: () => this.#hangUp(),
      tell: (change) => {
        void this.#events.emit('state', change)
        this.#log('debug', 'state', change.state)
      },
    })
    attach(this, this.#scope)
    this.#scope.onAbort(settings.signal, () => this.#end({ kind: 'aborted' }))
    if (settings.autoConnect) this.#start()
  }

  #hangUp(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#outbound.lost()
    connection?.end()
  }

  get state(): State {
    return this.#course.state
  }

  get rttMs(): number | undefined {
    return this.#connection?.rttMs
  }

  get resources(): Resources {
    return { ...this.#scope.ledger }
  }

  send(message: Message, options?: SendOptions): Receipt {
    return this.#outbound.send(message, options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Incoming> {
    return this.#inbound.iterate()
  }

  ready(): Promise<void> {
    return answer(inHook(this.state) ?? this.#outbound.ready())
  }

  flushed(): Promise<void> {
    return answer(inHook(this.state) ?? this.#outbound.flushed())
  }

  reconnect(options: ReconnectOptions = {}): boolean {
    const preset: Required<ReconnectOptions> = { withinMs: 0, cause: { kind: 'reconnect' } }
    const { withinMs, cause } = fill('reconnect', options, preset)
    assertNumber('reconnect.withinMs', withinMs, 0, 2 ** 53 - 1)
    const { name } = this.#course.state
    if (name === 'closing' || name === 'closed') return false
    this.#healthy()
    this.#wait(cause, this.#settings.random() * withinMs)
    return true
  }

  pause(cause: string | Cause = ''): boolean {
    const before = this.#course.state
    const given: Cause = typeof cause === 'string' ? { kind: 'paused', label: cause } : cause
    this.#course.move({ type: 'paused', cause: given })
    return before !== this.#course.state
  }

  async probe(): Promise<ProbeResult> {
    return (this.#course.state.name === 'open' && this.#connection?.probe()) || 'dead'
  }

  setCredentials(credentials: Provided<Credentials>): void {
    this.#sources = { ...this.#sources, credentials }
    if (this.#connection) this.reconnect({ cause: { kind: 'credentials' } })
  }

  close(options?: CloseOptions): Promise<SessionEnd> {
    const { code, reason, drainMs } = closeArguments(options)
    const { clock, closeTimeoutMs } = this.#settings
    const { name } = this.#course.state
    const limitMs = drainMs + closeTimeoutMs
    const end = () => this.#end({ kind: 'closed', code, reason })
    if (name === 'open') {
      this.#course.move({ type: 'closing', deadline: clock.now() + limitMs, code, reason }, (scope) => {
        const sayGoodbye = () => this.#connection?.close(code, reason)
        scope.timeout(limitMs, end)
        scope.timeout(drainMs, sayGoodbye)
        // Rejected when the session ended first; then there is nobody to say goodbye to.
        this.#outbound.drain().then(sayGoodbye, () => {})
      })
    } else if (name !== 'closing') end()
    return this.closed
  }

  dispose(): void {
    this.#end({ kind: 'disposed' })
  }

  #start(): void {
    const { cause } = this.#course.state as Idle | Waiting
    this.#attempts += 1
    const attempt = this.#attempts
    this.#course.move({ type: 'started', attempt }, () => {
      const host = {
        settings: this.#settings,
        sources: this.#sources,
        line: this.#line,
        inbound: this.#inbound,
        reached: (phase: Phase) => this.#course.move({ type: 'reached', phase }),
        opened: (protocol: string) => this.#opened(protocol),
        ended: (cause: Cause) => this.#lost(cause),
        failed: (phase: ErrorPhase, error: unknown) => this.#report(phase, error),
      }
      this.#connection = new Connection(this.#scope.child(), host, { attempt, cause })
    })
  }

  #opened(protocol: string): void {
    const { clock, backoff } = this.#settings
    const resumed = this.#resumed || Boolean(this.#settings.resumed?.())
    this.#resumed = false
    this.#course.move({ type: 'opened', since: clock.now(), resumed, protocol }, (scope) => {
      if (backoff.stableAfterMs === 0) this.#healthy()
      else scope.timeout(backoff.stableAfterMs, () => this.#healthy())
      if (this.#connection) this.#outbound.opened(this.#connection)
    })
  }

  /** Starts the counts anew. */
  #healthy(): void {
    this.#attempts = 0
    this.#retries = 0
  }

  #lost(cause: Cause): void {
    const state = this.#course.state
    if (state.name === 'closing') return this.#end({ kind: 'closed', code: state.code, reason: state.reason })
    const { backoff, random } = this.#settings
    const verdict = judge(cause, this.#settings, this.#sources, (error) => this.#report('classify', error))
    // The user's `classify` may have moved the session on.
    if (this.#course.state !== state) return
    if (verdict === 'stop') return this.#end(cause)
    const retries = this.#retries
    if (cause.kind === 'not-admitted') this.#attempts -= 1
    else {
      const attempts = this.#attempts
      if (attempts >= backoff.maxAttempts) {
        return this.#course.move({ type: 'paused', cause: { kind: 'attempts-exhausted', attempts } })
      }
      this.#retries += 1
    }
    this.#wait(cause, delayAfter(verdict, backoff, retries, random))
    if (cause.kind === 'server-close' && cause.code === 1009) {
      this.#report('too-large', new HoldfastError('message-too-large', 'message: too large'))
    }
  }

  #wait(cause: Cause, delayMs: number): void {
    const wholeMs = Math.round(delayMs)
    const retryAt = this.#settings.clock.now() + wholeMs
    const attempt = this.#attempts + 1
    this.#course.move({ type: 'scheduled', attempt, retryAt, delayMs: wholeMs, cause }, (scope) =>
      scope.timeout(wholeMs, () => this.#start()),
    )
  }

  /** The one way out. What ends here is told by `#finish`, once everything is given back. */
  #end(cause: Cause): void {
    this.#course.move({ type: 'ended', cause }, () => this.#scope.end())
  }

  #finish(): SessionEnd {
    const { cause } = this.#course.state as Closed
    const end: SessionEnd = { cause, handBack: this.#outbound.end() }
    this.#course.tell()
    void this.#events.emit('closed', end)
    return end
  }

  #report(phase: ErrorPhase, error: unknown): void {
    this.#log('warn', 'error', { phase, code: (error as { code?: unknown } | null)?.code })
    if (this.#events.has('error')) void this.#events.emit('error', { phase, error })
    else if (phase === 'handler' && !this.#settings.logger) surface(error)
  }

  #log(level: 'debug' | 'warn', event: string, fields: object): void {
    const { logger } = this.#settings
    if (logger) void guard(logger, surface, { level, event, ...fields })
  }
}

// WebKit and older browsers have no such symbols: there, `using` cannot be written, and these lines change nothing.
const { prototype } = LiveSession
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose
prototype[Symbol.asyncDispose ?? 'close'] = prototype.close as () => Promise<never>

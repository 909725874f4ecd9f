import { type Emitter, guard, type Scope, surface } from '@holdfast/lifetime'
import type { Cause, Phase } from './cause.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { Course, type CourseHost } from './course.ts'
import { HoldfastError } from './errors.ts'
import { Inbound, type Receiver } from './inbound.ts'
import { delayAfter, judge } from './judge.ts'
import { Line } from './line.ts'
import type { Message } from './message.ts'
import type { Settings } from './options.ts'
import { Outbound, type OutboundListener, type Sender } from './outbound.ts'
import type { PlugHost } from './plug.ts'
import { plugged } from './plugged.ts'
import type { ErrorPhase, Session, SessionEnd, SessionEvents, StateChange } from './session.ts'
import type { Closed, Idle, Waiting } from './state.ts'
import type { TargetSources } from './target.ts'

/**
 * What a session is made of and how it moves on, kept from its user. One scope owns everything; `end` ends it, and that is the
 * only way out. It is what its parts report to itself: an object with functions for each of them would be held by every session.
 */
export class SessionCore implements ConnectionHost, CourseHost, OutboundListener {
  readonly settings: Settings
  readonly inbound: Receiver
  readonly outbound: Sender
  readonly course: Course
  sources: TargetSources
  /** The current connection, or the attempt to get one. */
  connection: Connection | undefined
  /** How it ended. */
  sessionEnd: SessionEnd | undefined
  readonly #scope: Scope
  readonly #events: Emitter<SessionEvents>
  readonly #line: Line
  /** Attempts since the last healthy connection. */
  #attempts = 0
  /** Waits since then: after a healthy connection there is one before the first attempt. */
  #retries = 0
  /** What the next connection will be, as `Open.resumed` says it. */
  #resumed: 'first' | false = 'first'

  /** @param session what plugs get to see */
  constructor(
    session: Session,
    scope: Scope,
    events: Emitter<SessionEvents>,
    settings: Settings,
    sources: TargetSources,
  ) {
    this.#scope = scope
    this.#events = events
    this.sources = sources
    scope.defer(() => this.#finish())
    this.#line = new Line(scope)
    const plain: PlugHost<Settings> = {
      session,
      settings,
      scope,
      events,
      outbound: new Outbound(scope, settings.queue, this),
      inbound: new Inbound(scope, events, settings.maxUnread),
      sources: () => this.sources,
    }
    const used = plugged(plain)
    this.settings = used.settings
    this.outbound = used.outbound
    this.inbound = used.inbound
    this.course = new Course(scope, this)
  }

  /** Makes an attempt. */
  start(): void {
    const { cause } = this.course.state as Idle | Waiting
    this.#attempts += 1
    const attempt = this.#attempts
    this.course.move({ type: 'connecting', attempt }, () => {
      this.connection = new Connection(this.#scope.child(), this, {
        settings: this.settings,
        sources: this.sources,
        line: this.#line,
        inbound: this.inbound,
        attempt,
        cause,
      })
    })
  }

  /** As `ConnectionHost.reached`. */
  reached(phase: Phase): void {
    this.course.move({ type: 'phase', phase })
  }

  /** As `ConnectionHost.usable`. */
  usable(protocol: string): void {
    const { clock, backoff } = this.settings
    const resumed = this.#resumed || Boolean(this.settings.resumed?.())
    this.#resumed = false
    this.course.move({ type: 'open', since: clock.now(), resumed, protocol }, (scope) => {
      if (backoff.stableAfterMs === 0) this.healthy()
      else scope.timeout(backoff.stableAfterMs, () => this.healthy())
      if (this.connection) this.outbound.opened(this.connection)
    })
  }

  /** As `ConnectionHost.lost`. */
  lost(cause: Cause): void {
    const state = this.course.state
    if (state.name === 'closing') return this.end({ kind: 'closed', code: state.code, reason: state.reason })
    const { backoff, random } = this.settings
    const verdict = judge(cause, this.settings, this.sources, (error) => this.report('classify', error))
    // The user's `classify` may have moved the session on.
    if (this.course.state !== state) return
    if (verdict === 'stop') return this.end(cause)
    const retries = this.#retries
    if (cause.kind === 'not-admitted') this.#attempts -= 1
    else {
      const attempts = this.#attempts
      if (attempts >= backoff.maxAttempts) {
        return this.course.move({ type: 'idle', cause: { kind: 'attempts-exhausted', attempts } })
      }
      this.#retries += 1
    }
    this.wait(cause, delayAfter(verdict, backoff, retries, random))
    if (cause.kind === 'server-close' && cause.code === 1009) {
      this.report('too-large', new HoldfastError('message-too-large', 'message: too large'))
    }
  }

  /** Tells of a failure that ends nothing by itself. */
  report(phase: ErrorPhase, error: unknown): void {
    this.#log('warn', 'error', { phase, code: (error as { code?: unknown } | null)?.code })
    if (this.#events.has('error')) void this.#events.emit('error', { phase, error })
    else if (phase === 'handler' && !this.settings.logger) surface(error)
  }

  /** As `OutboundListener.wrote`. */
  wrote(message: Message): void {
    void this.#events.emit('sent', message)
  }

  /** As `OutboundListener.failed`. */
  failed(error: unknown): void {
    this.report('send', error)
  }

  /** As `CourseHost.tell`. */
  tell(change: StateChange): void {
    void this.#events.emit('state', change)
    this.#log('debug', 'state', change.state)
  }

  /** As `CourseHost.hangUp`. */
  hangUp(): void {
    const connection = this.connection
    this.connection = undefined
    this.outbound.lost()
    connection?.end()
  }

  /** Starts the counts anew. */
  healthy(): void {
    this.#attempts = 0
    this.#retries = 0
  }

  /** Waits before the next attempt. */
  wait(cause: Cause, delayMs: number): void {
    const wholeMs = Math.round(delayMs)
    const retryAt = this.settings.clock.now() + wholeMs
    const attempt = this.#attempts + 1
    this.course.move({ type: 'waiting', attempt, retryAt, delayMs: wholeMs, cause }, (scope) =>
      scope.timeout(wholeMs, () => this.start()),
    )
  }

  /** The one way out. What ends here is told by `#finish`, once everything is given back. */
  end(cause: Cause): void {
    this.course.move({ type: 'closed', cause }, () => this.#scope.end())
  }

  #finish(): void {
    const { cause } = this.course.state as Closed
    const end = { cause, handBack: this.outbound.end() }
    this.sessionEnd = end
    this.course.tell()
    void this.#events.emit('closed', end)
  }

  #log(level: 'debug' | 'warn', event: string, fields: object): void {
    const { logger } = this.settings
    if (logger) void guard(logger, surface, { level, event, ...fields })
  }
}

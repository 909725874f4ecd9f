import { Emitter, type ListenOptions, type Release, type Resources, Scope, surface } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import { assertNumber, fill } from './bounds.ts'
import type { Cause } from './cause.ts'
import { closeArguments } from './close-arguments.ts'
import { answer } from './errors.ts'
import type { ProbeResult } from './heartbeat.ts'
import { inHook } from './hello.ts'
import type { Incoming, Message } from './message.ts'
import type { Settings } from './options.ts'
import type { SendOptions } from './queue.ts'
import type {
  CloseOptions,
  ReconnectOptions,
  Session,
  SessionEnd,
  SessionEvents,
  SessionQueue,
} from './session.ts'
import { SessionCore } from './session-core.ts'
import type { State } from './state.ts'
import type { Credentials, Provided, TargetSources } from './target.ts'
import { whenOpen } from './when-open.ts'

/** Something that goes with a session and ends with its scope, such as the watch for wake signals. */
export type Attachment = (session: Session, scope: Scope) => void

/** The session as its user holds it: checks what it is asked for, and lets the core do it. */
export class LiveSession implements Session {
  readonly queue: SessionQueue
  /** Ends last: holds the listeners, which are still there when `closed` is told. */
  readonly #ears: Scope
  readonly #events: Emitter<SessionEvents>
  readonly #core: SessionCore
  #closed: Promise<SessionEnd> | undefined
  declare [Symbol.dispose]: () => void
  declare [Symbol.asyncDispose]: () => Promise<void>

  constructor(settings: Settings, sources: TargetSources, attach: Attachment) {
    const scope = new Scope(settings.clock)
    // Scopes end newest first.
    this.#ears = scope.child()
    this.#events = new Emitter(this.#ears, (error, type) => {
      if (type === 'error') surface(error)
      else this.#core.report('handler', error)
    })
    this.#core = new SessionCore(this, scope, this.#events, settings, sources)
    this.queue = this.#core.outbound.queue
    attach(this, scope)
    scope.onAbort(settings.signal, () => this.#core.end({ kind: 'aborted' }))
    if (settings.autoConnect) this.#core.start()
  }

  on<Type extends keyof SessionEvents>(
    type: Type,
    handler: (event: SessionEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    return this.#events.on(type, handler, options)
  }

  once<Type extends keyof SessionEvents>(
    type: Type,
    handler: (event: SessionEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    return this.#events.once(type, handler, options)
  }

  opened(): Promise<void> {
    return whenOpen(this)
  }

  /** Made at the first look. */
  get closed(): Promise<SessionEnd> {
    return (this.#closed ??= new Promise((resolve) => {
      this.#ears.defer(() => resolve(this.#core.sessionEnd as SessionEnd))
    }))
  }

  get state(): State {
    return this.#core.course.state
  }

  get rttMs(): number | undefined {
    return this.#core.connection?.rttMs
  }

  get resources(): Resources {
    return { ...this.#ears.ledger }
  }

  send(message: Message, options?: SendOptions): Receipt {
    return this.#core.outbound.send(message, options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Incoming> {
    return this.#core.inbound.iterate()
  }

  ready(): Promise<void> {
    return answer(inHook(this.state) ?? this.#core.outbound.ready())
  }

  flushed(): Promise<void> {
    return answer(inHook(this.state) ?? this.#core.outbound.flushed())
  }

  reconnect(options: ReconnectOptions = {}): boolean {
    const preset: Required<ReconnectOptions> = { withinMs: 0, cause: { kind: 'reconnect' } }
    const { withinMs, cause } = fill('reconnect', options, preset)
    assertNumber('reconnect.withinMs', withinMs, 0, 2 ** 53 - 1)
    const { name } = this.#core.course.state
    if (name === 'closing' || name === 'closed') return false
    this.#core.healthy()
    this.#core.wait(cause, this.#core.settings.random() * withinMs)
    return true
  }

  pause(cause: string | Cause = ''): boolean {
    const before = this.#core.course.state
    const given: Cause = typeof cause === 'string' ? { kind: 'paused', label: cause } : cause
    this.#core.course.move({ type: 'idle', cause: given })
    return before !== this.#core.course.state
  }

  async probe(): Promise<ProbeResult> {
    return (this.#core.course.state.name === 'open' && this.#core.connection?.probe()) || 'dead'
  }

  setCredentials(credentials: Provided<Credentials>): void {
    this.#core.sources = { ...this.#core.sources, credentials }
    if (this.#core.connection) this.reconnect({ cause: { kind: 'credentials' } })
  }

  close(options?: CloseOptions): Promise<SessionEnd> {
    const { code, reason, drainMs } = closeArguments(options)
    const { clock, closeTimeoutMs } = this.#core.settings
    const { name } = this.#core.course.state
    const limitMs = drainMs + closeTimeoutMs
    const end = () => this.#core.end({ kind: 'closed', code, reason })
    if (name === 'open') {
      this.#core.course.move({ type: 'closing', deadline: clock.now() + limitMs, code, reason }, (scope) => {
        const sayGoodbye = () => this.#core.connection?.close(code, reason)
        scope.timeout(limitMs, end)
        scope.timeout(drainMs, sayGoodbye)
        // Rejected when the session ended first; then there is nobody to say goodbye to.
        this.#core.outbound.drain().then(sayGoodbye, () => {})
      })
    } else if (name !== 'closing') end()
    return this.closed
  }

  dispose(): void {
    this.#core.end({ kind: 'disposed' })
  }
}

// WebKit and older browsers have no such symbols: there, `using` cannot be written, and these lines change nothing.
const { prototype } = LiveSession
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose
prototype[Symbol.asyncDispose ?? 'close'] = prototype.close as () => Promise<never>

import { type Clock, Scope, type Signal, systemClock } from '@holdfast/lifetime'
import { assertMethods, fill } from '../bounds.ts'
import { answer, type ErrorCode } from '../errors.ts'
import type { Incoming, Message } from '../message.ts'
import type { Session, StateChange } from '../session.ts'
import { byField, type Correlation, type Fields } from './correlation.ts'
import { Deadline } from './deadline.ts'
import { neverLeft, type PendingRequest, sentOf, withdraw } from './pending.ts'
import { RequestError, type Sent } from './request-error.ts'

/** How one request is made. */
export interface RequestOptions {
  /**
   * How long the answer may take, in milliseconds, at least 1, waiting for a connection and reconnects included. Default
   * 30,000, or what `requests` was given; `Infinity`: no limit.
   */
  readonly timeoutMs?: number | undefined
  /** Aborting it takes the request back if it still waits, and rejects with the signal's reason. */
  readonly signal?: Signal | undefined
  /**
   * Sends the request again, under the same number, when the connection with which it went out is lost. Only for what does
   * no harm when it is done twice. Default `false`: the request rejects with `connection-lost` then.
   */
  readonly retryOnReconnect?: boolean | undefined
}

/** How the requests of a session are made. */
export interface RequestsOptions<Request, Answer> {
  /** How answers find their requests. Default `byField('id')`. */
  readonly correlation?: Correlation<Request, Answer> | undefined
  /** For requests that say nothing else, in milliseconds, at least 1. Default 30,000; `Infinity`: no limit. */
  readonly timeoutMs?: number | undefined
  /** How many requests may wait for their answer; one more rejects with `too-many-requests`. Default 1,000. */
  readonly maxPending?: number | undefined
  /** Default: the machine's time. */
  readonly clock?: Clock | undefined
}

const requestPreset = { timeoutMs: 30_000, signal: undefined as unknown, retryOnReconnect: false }
/** The options as they are used, but for the correlation: nothing left out. */
export interface RequestsSettings {
  readonly timeoutMs: number
  readonly maxPending: number
  readonly clock: Clock
}

const preset: RequestsSettings = { timeoutMs: 30_000, maxPending: 1_000, clock: systemClock }

/** The number of the last request of each session, so that two objects on one session do not use one twice. */
const lastIds = new WeakMap<Session, number>()

/** The requests of one session: one listener, one timer, any number of pending requests. Make them with `requests`. */
export class Requests<Request, Answer> {
  readonly #session: Session
  readonly #correlation: Correlation<Request, Answer>
  readonly #options: RequestsSettings
  readonly #scope: Scope
  readonly #pending = new Map<unknown, PendingRequest>()
  readonly #deadline: Deadline
  readonly #whenNone: (() => void)[] = []
  /** How many connections were lost so far. */
  #losses = 0
  declare [Symbol.dispose]: () => void

  constructor(session: Session, correlation: Correlation<Request, Answer>, options: RequestsSettings) {
    this.#session = session
    this.#correlation = correlation
    this.#options = options
    this.#scope = new Scope(options.clock)
    this.#deadline = new Deadline(this.#scope, () => this.#expire())
    this.#scope.defer(session.on('message', (message) => this.#received(message)))
    this.#scope.defer(session.on('state', (change) => this.#moved(change)))
    this.#scope.defer(session.on('gap', () => this.#gap()))
    this.#scope.defer(session.on('closed', () => this.#end('the session was closed')))
    if (session.state.name === 'closed') this.#scope.end()
  }

  /** How many requests wait for their answer. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Sends a request, now or when there is a connection, and gives its answer. Settles in every case: with the answer, at the
   * deadline, or with a `RequestError` that says whether the server may have the request.
   * @throws TypeError or RangeError at the call when the request or an option is nothing that can be understood
   */
  request<Wanted extends Answer>(request: Request, options: RequestOptions = {}): Promise<Wanted> {
    const how = fill('request', options, { ...requestPreset, timeoutMs: this.#options.timeoutMs })
    const signal = how.signal as Signal | undefined
    assertMethods('request.signal', signal, ['addEventListener', 'removeEventListener'])
    const id = (lastIds.get(this.#session) ?? 0) + 1
    const message = this.#correlation.write(request, id)
    if (signal?.aborted) return answer(Promise.reject(signal.reason))
    const refusal = this.#refusal()
    if (refusal) return answer(Promise.reject(refusal))
    lastIds.set(this.#session, id)
    return answer(this.#send(id, message, how.retryOnReconnect, how.timeoutMs, signal)) as Promise<Wanted>
  }

  /** Resolves when no request is pending, at once if none is. Never rejects. Wait for it before `session.close()`. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#pending.size === 0) resolve()
      else this.#whenNone.push(resolve)
    })
  }

  /** Ends it: what waits is taken back, every request rejects with `closed`. The session goes on. Idempotent. */
  dispose(): void {
    this.#end('the requests were disposed')
  }

  #end(why: string): void {
    this.#scope.end()
    for (const [id, pending] of this.#pending) {
      this.#fail(id, pending, 'closed', withdraw(this.#session, pending), why)
    }
  }

  #send(
    id: number,
    message: Message,
    retryOnReconnect: boolean,
    timeoutMs: number,
    signal?: Signal,
  ): Promise<unknown> {
    const losses = this.#losses
    const deadlineAt = this.#scope.clock.now() + timeoutMs
    const receipt = this.#session.send(message)
    return new Promise((resolve, reject) => {
      const pending: PendingRequest = {
        message,
        retryOnReconnect,
        deadlineAt,
        resolve,
        reject,
        release: () => {},
        receipt,
        end: undefined,
        before: 'no',
      }
      this.#pending.set(id, pending)
      this.#follow(id, pending)
      if (signal) pending.release = this.#scope.listen(signal, 'abort', () => this.#abort(id, signal))
      this.#deadline.watch(deadlineAt)
      // Handlers of `sent` and `state` run inside `send`, and may have ended what it was sent with.
      if (losses !== this.#losses) this.#doubt([[id, pending]])
      if (this.#scope.ended) this.dispose()
    })
  }

  #refusal(): RequestError | undefined {
    const { maxPending } = this.#options
    if (this.#scope.ended)
      return new RequestError('closed', 'no', 'the session is closed, or the requests were')
    if (this.#pending.size < maxPending) return undefined
    return new RequestError('too-many-requests', 'no', `${maxPending} are pending, at most ${maxPending}`)
  }

  #received(message: Incoming): void {
    if (this.#pending.size === 0) return
    const found = this.#correlation.read(message)
    const pending = found && this.#pending.get(found.id)
    if (!pending) return
    if (found.error === undefined) {
      this.#forget(found.id, pending)
      pending.resolve(found.answer)
    } else
      this.#fail(found.id, pending, 'request-failed', 'yes', 'the server answered with an error', found.error)
  }

  /** Watches what becomes of the message itself. */
  #follow(id: unknown, pending: PendingRequest): void {
    const { receipt } = pending
    pending.end = undefined
    void receipt.settled.then((end) => {
      if (this.#pending.get(id) !== pending || pending.receipt !== receipt) return
      pending.end = end
      if (neverLeft.has(end)) {
        this.#fail(id, pending, 'not-sent', pending.before, `the message was ${end}`, receipt.error)
      }
    })
  }

  #moved({ state, previous }: StateChange): void {
    if (previous.name !== 'open' || state.name === 'closing' || state.name === 'closed') return
    this.#losses += 1
    this.#doubt([...this.#pending].filter(([, { receipt }]) => receipt.status === 'written'))
  }

  /**
   * Deals with requests whose connection is lost. In plain mode `written` is how a receipt ends, and the answer went with the
   * connection. In resume mode it is not, and the message goes on. Which it is was told by now, or is in this very turn.
   */
  #doubt(requests: readonly (readonly [unknown, PendingRequest])[]): void {
    void Promise.resolve().then(() => {
      for (const [id, pending] of requests) {
        if (pending.end === 'written' && this.#pending.get(id) === pending) this.#lost(id, pending)
      }
    })
  }

  /** The session at the server is lost, and with it the answers to all that it had or may have had. */
  #gap(): void {
    for (const [id, pending] of this.#pending) {
      const { status } = pending.receipt
      if (status === 'acked' || status === 'uncertain' || status === 'undelivered') this.#lost(id, pending)
    }
  }

  #lost(id: unknown, pending: PendingRequest): void {
    pending.before = sentOf(pending)
    if (pending.retryOnReconnect) {
      pending.receipt = this.#session.send(pending.message)
      this.#follow(id, pending)
    } else
      this.#fail(id, pending, 'connection-lost', pending.before, 'the connection was lost before the answer')
  }

  #abort(id: unknown, { reason }: Signal): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#forget(id, pending)
    withdraw(this.#session, pending)
    pending.reject(reason)
  }

  /** Rejects what is due, and gives the next deadline. */
  #expire(): number {
    const now = this.#scope.clock.now()
    let nextAt = Infinity
    for (const [id, pending] of this.#pending) {
      if (pending.deadlineAt > now) nextAt = Math.min(nextAt, pending.deadlineAt)
      else
        this.#fail(id, pending, 'timeout', withdraw(this.#session, pending), 'no answer within its timeoutMs')
    }
    return nextAt
  }

  #fail(
    id: unknown,
    pending: PendingRequest,
    code: ErrorCode,
    sent: Sent,
    why: string,
    cause?: unknown,
  ): void {
    this.#forget(id, pending)
    pending.reject(new RequestError(code, sent, why, cause))
  }

  #forget(id: unknown, pending: PendingRequest): void {
    this.#pending.delete(id)
    pending.release()
    if (this.#pending.size > 0) return
    this.#deadline.clear()
    for (const resolve of this.#whenNone.splice(0)) resolve()
  }
}

const { prototype } = Requests
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose

/**
 * Makes requests on a session, for servers that answer. Ends with the session, or by `dispose()`. Every message goes to the
 * session's own handlers as well, answers included: one that comes too late is an ordinary message.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const api = requests(session, { correlation: jsonRpc(), timeoutMs: 5_000 })
 * const price = await api.request({ method: 'price', params: ['EUR'] })
 */
export function requests(
  session: Session,
  options?: Omit<RequestsOptions<object, Fields>, 'correlation'>,
): Requests<object, Fields>
export function requests<Request, Answer>(
  session: Session,
  options: RequestsOptions<Request, Answer>,
): Requests<Request, Answer>
export function requests(
  session: Session,
  { correlation = byField(), ...options }: RequestsOptions<object, Fields> = {},
): Requests<object, Fields> {
  assertMethods('requests.correlation', correlation, ['write', 'read'])
  const settings = fill('requests', options, preset)
  assertMethods('requests.clock', settings.clock, ['now', 'setTimeout', 'clearTimeout'])
  return new Requests(session, correlation, settings)
}

import { Emitter, type Release, type Scope } from '@holdfast/lifetime'
import type { HandBack, LossReason, Payload, SessionRecord } from '@holdfast/protocol'
import { ServerError } from '../errors.ts'
import { integer } from '../option-checks.ts'
import { Deliveries } from './deliveries.ts'
import { Readers, type SessionIncoming } from './readers.ts'
import { SentMessage, type SessionMessage, type SessionReceipt } from './sent-message.ts'
import type {
  CloseSessionOptions,
  ServerSession,
  ServerSessionEvents,
  SessionEnd,
  SessionEndCause,
  SessionHandedBack,
  SessionState,
} from './server-session.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'

/** Why a message was not taken. */
export type SendRefusal = 'too-large' | 'overflow' | 'ended'

/** How a session is handed over to whoever attaches it next, and what becomes of its messages. */
export interface HandOver extends Omit<HandBack<SentMessage>, 'delivered'> {
  readonly cause: Extract<SessionEndCause, { kind: 'moved' | 'stopped' }>
  /** The store has them. */
  readonly kept: readonly SentMessage[]
}

/** What a session needs of the engine that drives it. */
export interface LiveSessionHost {
  readonly id: string
  readonly address: string
  readonly record: SessionRecord<SentMessage>
  readonly proto: string | undefined
  /** Owns what the session holds; ended by the session. */
  readonly scope: Scope
  readonly options: ResolvedSessionsOptions
  readonly report: (error: unknown) => void
  readonly held: () => { readonly messages: number; readonly bytes: number }
  readonly offer: (message: SentMessage) => number | SendRefusal
  readonly settle: (number: number) => void
  readonly leave: (code: number) => void
  readonly end: () => void
}

type Attendance = Extract<SessionState, { name: 'attached' | 'detached' }>

/** How the end came about here; without one, it was the client's doing or the protocol's. */
type Initiative = Extract<SessionEndCause, { kind: 'closed' | 'disposed' | 'stopped' }>

/** Someone who waits until less is held. */
interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: ServerError) => void
}

/** A session that the application knows, from the moment its client has confirmed it to its end. */
export class LiveSession implements ServerSession {
  readonly id: string
  readonly address: string
  readonly principal: string | null
  readonly proto: string | undefined
  readonly closed: Promise<SessionEnd>
  readonly #host: LiveSessionHost
  readonly #events: Emitter<Omit<ServerSessionEvents, 'error'>>
  readonly #errors: Emitter<Pick<ServerSessionEvents, 'error'>>
  readonly #readers: Readers
  readonly #deliveries: Deliveries
  readonly #waiters = new Set<Waiter>()
  #state: SessionState
  #initiative: Initiative | undefined
  #last: SentMessage | undefined
  #rttMs: number | undefined
  #received: number
  #resolveClosed: (end: SessionEnd) => void = () => {}

  constructor(host: LiveSessionHost, state: Attendance) {
    this.#host = host
    this.#state = state
    this.id = host.id
    this.address = host.address
    this.#received = host.record.inbox.rx
    this.principal = host.record.principal
    this.proto = host.proto
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    const { scope, options, record } = host
    this.#errors = new Emitter(scope, host.report)
    this.#events = new Emitter(scope, (error) => this.#report('handler', error))
    this.#readers = new Readers(options.ack, options.maxUnread)
    this.#deliveries = new Deliveries({
      scope,
      ackMode: options.ack,
      limits: options.limits,
      stallMs: options.stallMs,
      readers: this.#readers,
      emit: (message) => this.#events.emit('message', message),
      settle: (number) => {
        host.settle(number)
        return record.inbox.handled
      },
      stalled: (error) => this.#report('handler-stalled', error),
    })
  }

  get state(): SessionState {
    return this.#state
  }

  get held(): { readonly messages: number; readonly bytes: number } {
    return this.#host.held()
  }

  get flow(): 'flowing' | 'backed-up' {
    const { maxMessages, maxBytes } = this.#host.options.hold
    const { messages, bytes } = this.held
    return messages * 2 < maxMessages && bytes * 2 < maxBytes ? 'flowing' : 'backed-up'
  }

  get received(): number {
    return this.#received
  }

  get rttMs(): number | undefined {
    return this.#rttMs
  }

  send(message: SessionMessage): SessionReceipt {
    const sent = new SentMessage(message)
    const isOver = this.#state.name === 'closing' || this.#state.name === 'ended'
    const answer = isOver ? 'ended' : this.#host.offer(sent)
    if (typeof answer === 'number') {
      sent.numbered(answer, this.#host.record.outbox)
      this.#last = sent
    } else sent.settle('rejected', refusalError(answer, sent.bytes))
    return sent
  }

  on<Type extends keyof ServerSessionEvents>(
    type: Type,
    handler: (event: ServerSessionEvents[Type]) => unknown,
  ): Release {
    const emitter = type === 'error' ? this.#errors : this.#events
    return (emitter as Emitter<ServerSessionEvents>).on(type, handler)
  }

  once<Type extends keyof ServerSessionEvents>(
    type: Type,
    handler: (event: ServerSessionEvents[Type]) => unknown,
  ): Release {
    const undo = this.on(type, (event) => {
      undo()
      return handler(event)
    })
    return undo
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SessionIncoming> {
    return this.#readers.iterate()
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state.name === 'ended' || this.#state.name === 'closing') reject(sessionEnded())
      else if (this.flow === 'flowing') resolve()
      else this.#waiters.add({ resolve, reject })
    })
  }

  async flushed(): Promise<void> {
    // Acknowledgements are cumulative: with the last message, all before it are handled.
    const status = await this.#last?.settled
    if (status === undefined ? this.#state.name === 'ended' : status !== 'acked') throw sessionEnded()
  }

  close({ code = 4000, reason = '' }: CloseSessionOptions = {}): Promise<SessionEnd> {
    integer('code', code, { min: 4000, max: 4999 })
    if (this.#state.name === 'ended' || this.#state.name === 'closing') return this.closed
    this.#initiative = { kind: 'closed', code, reason }
    this.#move({ name: 'closing' })
    this.#host.leave(code)
    return this.closed
  }

  dispose(): void {
    this.finish({ kind: 'disposed' })
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Ends the session now, for a reason of this end. */
  finish(initiative: Initiative): void {
    if (this.#state.name === 'ended') return
    this.#initiative ??= initiative
    this.#host.end()
  }

  /** The client has come, gone or changed connections. */
  moved(state: Attendance): void {
    if (this.#state.name !== 'closing' && this.#state.name !== 'ended') this.#move(state)
  }

  /** Takes a message of the client. */
  deliver(number: number, payload: Payload): void {
    if (this.#state.name === 'ended') return
    this.#received = number
    this.#deliveries.deliver(number, payload)
  }

  /** The client has handled messages. */
  acked(messages: readonly SentMessage[]): void {
    for (const message of messages) message.settle('acked')
    if (this.#waiters.size === 0 || this.flow === 'backed-up') return
    for (const { resolve } of this.#waiters) resolve()
    this.#waiters.clear()
  }

  /** A ping was answered. */
  heard(rttMs: number): void {
    this.#rttMs = rttMs
  }

  /** The protocol is done with the session: settles and tells everything, and lets go of it. */
  ended(reason: LossReason, handBack: HandBack<SentMessage>): SessionEnd {
    const ours = reason === 'ended' ? (this.#initiative ?? ({ kind: 'left' } as const)) : undefined
    const cause: SessionEndCause = ours ?? { kind: 'lost', reason }
    for (const message of handBack.delivered) message.settle('acked')
    return this.#over(cause, handBack)
  }

  /** The session goes on elsewhere, or waits there. */
  handedOver({ cause, kept, ...handBack }: HandOver): SessionEnd {
    for (const message of kept) message.settle('kept')
    return this.#over(cause, handBack)
  }

  #over(cause: SessionEndCause, handBack: Omit<HandBack<SentMessage>, 'delivered'>): SessionEnd {
    const end: SessionEnd = {
      cause,
      handBack: {
        undelivered: giveBack(handBack.undelivered, 'undelivered'),
        uncertain: giveBack(handBack.uncertain, 'uncertain'),
      },
    }
    for (const { reject } of this.#waiters) reject(sessionEnded())
    this.#waiters.clear()
    this.#move({ name: 'ended', cause })
    this.#readers.end()
    this.#resolveClosed(end)
    void this.#events.emit('closed', end)
    this.#host.scope.end()
    return end
  }

  #move(state: SessionState): void {
    const previous = this.#state
    this.#state = state
    void this.#events.emit('state', { state, previous })
  }

  #report(phase: 'handler' | 'handler-stalled', error: unknown): void {
    if (this.#errors.has('error')) void this.#errors.emit('error', { phase, error })
    else this.#host.report(error)
  }
}

function giveBack(
  messages: readonly SentMessage[],
  status: 'undelivered' | 'uncertain',
): readonly SessionHandedBack[] {
  return messages.map((sent) => {
    sent.settle(status)
    return { message: sent.payload, receipt: sent }
  })
}

function sessionEnded(): ServerError {
  return new ServerError('session-ended', 'session: it has ended, or is about to')
}

function refusalError(refusal: SendRefusal, bytes: number): ServerError {
  if (refusal === 'ended') return sessionEnded()
  if (refusal === 'overflow') {
    return new ServerError('overflow', 'send: as much is held for the client as may be; wait for ready()')
  }
  return new ServerError('message-too-large', `send: ${bytes} bytes are more than the client takes`)
}

import { guard, type Scope } from '@holdfast/lifetime'
import type { LossReason, ServerAction, ServerCore, SessionRecord } from '@holdfast/protocol'
import type { Log } from '../log.ts'
import { type HandOver, LiveSession, type SendRefusal } from './live-session.ts'
import type { SentMessage } from './sent-message.ts'
import type { SessionEndCause } from './server-session.ts'
import { logNameOf } from './session-ids.ts'
import type { SessionTally } from './session-tally.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'

/** An action of one kind. */
export type ActionOf<Type extends ServerAction<unknown>['type']> = Extract<
  ServerAction<SentMessage>,
  { readonly type: Type }
>

/** What the book works with. */
export interface SessionBookParts {
  readonly core: ServerCore<SentMessage>
  readonly options: ResolvedSessionsOptions
  /** Parent of every session's. */
  readonly scope: Scope
  readonly tally: SessionTally
  readonly log: Log
  readonly report: (error: unknown) => void
  /** Runs when a client has answered a ping. */
  readonly onPong: (rttMs: number) => void
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** Does not carry out anything during `work`: what is asked for meanwhile waits. */
  readonly hold: (work: () => void) => void
  /** The `id` of a connection. */
  readonly nameOf: (connection: number) => string
  /** Notes that the counts of a session, or what it holds, may have changed. */
  readonly touch: (sid: string) => void
  /** Bytes in the socket's buffer of a connection. */
  readonly bufferedBytes: (connection: number) => number
}

/** The sessions that the application knows, by their session id, and all they hold for their clients. */
export class SessionBook {
  readonly #parts: SessionBookParts
  /** What the store keeps of each session, also of those the application does not know yet. */
  readonly #records = new Map<string, SessionRecord<SentMessage>>()
  readonly #open = new Map<string, LiveSession>()
  /** Sessions that take no more messages, because another server is about to have them. */
  readonly #closed = new Set<string>()
  /** Of the sessions that the application knows. */
  #heldBytes = 0

  constructor(parts: SessionBookParts) {
    this.#parts = parts
  }

  /** Bytes held for all clients together. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The sessions that the application knows, oldest first. */
  sessions(): IterableIterator<LiveSession> {
    return this.#open.values()
  }

  /** Finds a session that the application knows. */
  find(sid: string): LiveSession | undefined {
    return this.#open.get(sid)
  }

  /** A client has answered a ping, which had the time in it. */
  answered({ sid, value }: ActionOf<'pong'>): void {
    const { scope, onPong } = this.#parts
    const rttMs = scope.clock.monotonicMs() - value
    // Rounded, it may be a little early; more than that was not our ping.
    if (rttMs < -1) return
    this.find(sid)?.heard(Math.max(0, rttMs))
    onPong(Math.max(0, rttMs))
  }

  /** Notes what the store has of a session. */
  keep(record: SessionRecord<SentMessage>): void {
    this.#records.set(record.sid, record)
  }

  /** Notes that the store gives a session up. */
  forget({ sid, reason }: { readonly sid: string; readonly reason: LossReason }): void {
    if (this.#records.delete(sid)) this.#parts.tally.ended(reason)
  }

  /** Notes that another server has a session: it did not end. */
  release(sid: string): void {
    this.#records.delete(sid)
  }

  /** Takes no more messages for a session. */
  closeTo(sid: string): void {
    this.#closed.add(sid)
  }

  /** Takes messages again, if there is such a session. */
  openTo(sid: string): void {
    this.#closed.delete(sid)
  }

  opened({ sid, proto }: ActionOf<'opened'>): void {
    const { core, scope, options, report, log, tally, hold } = this.#parts
    const record = this.#records.get(sid)
    if (record === undefined) return
    const connection = core.session(sid)?.connection
    const session = new LiveSession(
      {
        id: logNameOf(sid),
        address: sid,
        record,
        proto,
        scope: scope.child(),
        options,
        report,
        held: () => core.session(sid)?.held ?? { messages: 0, bytes: 0 },
        offer: (message) => this.#offer(sid, message),
        settle: (number) => this.#with(sid, (known) => known.settle(number)),
        leave: (code) => this.#with(sid, (known) => known.leave(code)),
        end: () => this.#with(sid, (known) => known.end('ended')),
      },
      this.#attendance(connection),
    )
    this.#open.set(sid, session)
    // One that comes from elsewhere brings its messages along.
    this.#heldBytes += bytesOf(record.outbox.entries)
    tally.opened()
    log('info', 'session-opened', { session: session.id })
    const failed = (error: unknown) => {
      report(error)
      session.dispose()
    }
    // What the handler sends must not bring in the next message before it has registered for messages.
    hold(() => void guard(options.handler, failed, session))
  }

  /** The client has come back, or is gone. */
  moved(sid: string, connection: number | undefined): void {
    const session = this.#open.get(sid)
    if (session === undefined) return
    const state = this.#attendance(connection)
    const where = state.name === 'attached' ? { connection: state.connection } : {}
    this.#parts.log('info', `session-${state.name}`, { session: session.id, ...where })
    session.moved(state)
  }

  acked({ sid, entries }: ActionOf<'acked'>): void {
    const session = this.#open.get(sid)
    if (session === undefined) return
    this.#heldBytes -= bytesOf(entries)
    session.acked(entries)
  }

  ended({ sid, reason, handBack }: ActionOf<'ended'>): void {
    const { delivered, uncertain, undelivered } = handBack
    this.#parts.tally.handedBack(handBack)
    const session = this.#open.get(sid)
    if (session === undefined) return
    for (const entries of [delivered, uncertain, undelivered]) this.#heldBytes -= bytesOf(entries)
    this.#open.delete(sid)
    const { cause } = session.ended(reason, handBack)
    this.#parts.log('info', 'session-ended', {
      session: session.id,
      ...factsOf(cause),
      uncertain: uncertain.length,
      undelivered: undelivered.length,
    })
  }

  /** The session is over here, and goes on, or waits, elsewhere. */
  handedOver(sid: string, handOver: HandOver): void {
    const { cause, kept, uncertain, undelivered } = handOver
    this.#parts.tally.handedBack({ delivered: [], uncertain, undelivered })
    const session = this.#open.get(sid)
    if (session === undefined) return
    for (const entries of [kept, uncertain, undelivered]) this.#heldBytes -= bytesOf(entries)
    this.#open.delete(sid)
    session.handedOver(handOver)
    this.#parts.log('info', 'session-handed-over', {
      session: session.id,
      cause: cause.kind,
      kept: kept.length,
      uncertain: uncertain.length,
      undelivered: undelivered.length,
    })
  }

  /** Takes a message that another server posted; `numbered` is called before the store hears of the number. */
  post(sid: string, message: SentMessage, numbered: (number: number) => void): number | SendRefusal {
    const answer = this.#offer(sid, message, numbered)
    const record = this.#records.get(sid)
    if (typeof answer === 'number' && record !== undefined) message.numbered(answer, record.outbox)
    return answer
  }

  #attendance(connection: number | undefined) {
    const since = this.#parts.scope.clock.now()
    return connection === undefined
      ? ({ name: 'detached', since } as const)
      : ({ name: 'attached', connection: this.#parts.nameOf(connection), since } as const)
  }

  #with(
    sid: string,
    command: (session: NonNullable<ReturnType<ServerCore<SentMessage>['session']>>) => void,
  ) {
    const session = this.#parts.core.session(sid)
    if (session === undefined) return
    command(session)
    this.#parts.touch(sid)
    this.#parts.run()
  }

  #offer(
    sid: string,
    message: SentMessage,
    numbered: (number: number) => void = () => {},
  ): number | SendRefusal {
    const { core, options, bufferedBytes, touch, run } = this.#parts
    const session = core.session(sid)
    if (session === undefined || this.#closed.has(sid)) return 'ended'
    if (message.bytes > session.maxBytes) return 'too-large'
    if (this.#heldBytes + message.bytes > options.maxTotalHeldBytes) return 'overflow'
    if (options.overflow === 'reject' && !hasRoom(session.held, message.bytes, options.hold))
      return 'overflow'
    const { connection } = session
    // The core only knows what it has written, and not what the socket has got rid of since.
    if (connection !== undefined) session.buffered(bufferedBytes(connection))
    const answer = session.offer(message)
    if (typeof answer === 'number') {
      if (this.#open.has(sid)) this.#heldBytes += message.bytes
      numbered(answer)
    }
    touch(sid)
    run()
    return answer
  }
}

function bytesOf(entries: readonly SentMessage[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

function hasRoom(
  held: { readonly messages: number; readonly bytes: number },
  bytes: number,
  { maxMessages, maxBytes }: ResolvedSessionsOptions['hold'],
): boolean {
  return held.messages < maxMessages && held.bytes + bytes <= maxBytes
}

function factsOf(cause: SessionEndCause): Readonly<Record<string, string | number>> {
  if (cause.kind === 'lost') return { cause: cause.kind, reason: cause.reason }
  return cause.kind === 'closed'
    ? { cause: cause.kind, code: cause.code, reason: cause.reason }
    : { cause: cause.kind }
}

import type { Scope } from '@holdfast/lifetime'
import {
  type AttachRequest,
  type Attachment,
  type Batch,
  type BatchAnswer,
  type HeldAction,
  HeldOutput,
  type ServerCore,
  type SharedAttachment,
  type StoreWrite,
} from '@holdfast/protocol'
import type { Log } from '../log.ts'
import type { SentMessage } from './sent-message.ts'
import type { ActionOf, SessionBook } from './session-book.ts'
import { AnswerAge } from './answer-age.ts'
import { Departures } from './departures.ts'
import { inDoubt } from './in-doubt.ts'
import type { Keeping } from './keeping.ts'
import { HANDOVER_MS, HandOvers } from './hand-overs.ts'
import { OnceLater } from './once-later.ts'
import { PostTaker } from './post-taker.ts'
import { reportInParts } from './report-in-parts.ts'
import { logNameOf } from './session-ids.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'
import type { SharedStore } from './shared-store.ts'

/** What shared sessions work with. */
export interface SharedSessionsParts {
  readonly store: SharedStore
  readonly core: ServerCore<SentMessage>
  readonly book: SessionBook
  readonly scope: Scope
  readonly options: ResolvedSessionsOptions
  readonly log: Log
  readonly report: (error: unknown) => void
  readonly isOpen: (connection: number) => boolean
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** Carries out one action that was held. */
  readonly carryOut: (action: HeldAction<SentMessage>) => void
}

type Held = HeldOutput<SentMessage>

/** The sessions of this server in a store that other servers share: what they say waits here until the store has kept it. */
export class SharedSessions implements Keeping {
  readonly handOverMs = HANDOVER_MS
  readonly #parts: SharedSessionsParts
  readonly #held = new Map<string, Held>()
  /** The session of each connection that got one. */
  readonly #sids = new Map<number, string>()
  /** Those with something new for the store. */
  readonly #dirty = new Set<Held>()
  readonly #posts = new WeakMap<Held, PostTaker>()
  readonly #age = new AnswerAge()
  readonly #departures: Departures
  readonly #handOvers: HandOvers
  readonly #later: OnceLater

  constructor(parts: SharedSessionsParts) {
    this.#parts = parts
    this.#departures = new Departures(parts)
    this.#later = new OnceLater(parts.scope)
    this.#handOvers = new HandOvers({
      ...parts,
      held: this.#held,
      letGo: (...given) => this.#letGo(...given),
      unreachable: (error) => this.#unreachable(error),
    })
    const { store, scope, options } = parts
    store.open({
      scope,
      ttlMs: options.ttlMs,
      hold: options.hold,
      report: (error) => this.#report(error),
      wake: (sid) => this.wake(sid),
      release: (...wanted) => this.#handOvers.ask(...wanted),
    })
    reportInParts(
      scope,
      store.reportMs,
      () => this.#held.values(),
      (due) => {
        for (const held of due) if (held.record.place === 'attached') held.touch()
        this.flush()
      },
    )
  }

  /** Asks the store about a HELLO; then, in one go, takes the session over and gives the answer to `answered`. */
  find(
    connection: number,
    request: AttachRequest,
    answered: (attachment: Attachment<SentMessage>) => void,
    failed: (error: unknown) => void,
  ): void {
    const { store, scope, run } = this.#parts
    const known = this.#held.get(request.hello.sid ?? '')
    known?.attaching()
    const settle = (outcome: () => void) => {
      known?.attached()
      if (scope.ended) return
      outcome()
      run()
      this.#handOvers.lookAtAll()
    }
    store.attach(request).then(
      (answer) => settle(() => answered(this.#adopt(connection, request, answer))),
      (error: unknown) => settle(() => failed(error)),
    )
  }

  #adopt(
    connection: number,
    { hello }: AttachRequest,
    answer: SharedAttachment<SentMessage>,
  ): Attachment<SentMessage> {
    if (answer.kind !== 'resumed' && answer.kind !== 'created') return answer
    const { record } = answer
    const known = this.#held.get(record.sid)
    if (answer.kind === 'resumed' && known !== undefined) {
      // Answers to two HELLOs of one session may come in either order: the newer attempt has it.
      if (record.gen <= known.record.gen) return { kind: 'stale', attempt: known.record.attempt }
      if (known.record.gen === answer.previousGen) {
        known.adopt(record)
        this.#handOvers.cameBack(known)
        // It ended here meanwhile: the client is to come again, and be told.
        if (known.isEnding) return { kind: 'stale', attempt: hello.att }
        this.#bind(connection, record.sid)
        return { kind: 'resumed', record: known.record }
      }
      // Another server has had it in between, so what is counted here is old.
      this.#letGo(known, 'moved')
    }
    const held: Held = new HeldOutput(record, () => this.#dirty.add(held))
    this.#held.set(record.sid, held)
    this.#bind(connection, record.sid)
    return answer
  }

  #bind(connection: number, sid: string): void {
    if (this.#parts.isOpen(connection)) this.#sids.set(connection, sid)
  }

  /** Holds an action of a session until the store agrees; returns false for what belongs to none. */
  hold(action: HeldAction<SentMessage>): boolean {
    const held = this.#held.get('sid' in action ? action.sid : (this.#sids.get(action.connection) ?? ''))
    held?.hold(action)
    return held !== undefined
  }

  /** Notes what the core wants kept. */
  write(write: StoreWrite): void {
    const held = this.#held.get(write.sid)
    held?.write(write)
    if (held !== undefined && write.op === 'detached') this.#handOvers.detached(held)
  }

  /** Notes that a session's counts or messages may have changed. */
  touch(sid: string): void {
    this.#held.get(sid)?.touch()
  }

  /** Tells whether a connection has got a session from the store. */
  has(connection: number): boolean {
    return this.#sids.has(connection)
  }

  /** Bytes that wait to be sent on a connection. */
  bufferedBytes(connection: number): number {
    return this.#held.get(this.#sids.get(connection) ?? '')?.bytes ?? 0
  }

  /** Forgets a connection that is gone. */
  closed(connection: number): void {
    this.#sids.delete(connection)
  }

  /** Asks the store to keep what is new; all that is asked in one turn goes out together. */
  flush(): void {
    for (const held of this.#dirty) {
      this.#dirty.delete(held)
      const batch = this.#isHere(held) ? held.ask() : undefined
      if (batch !== undefined) this.#ask(held, batch)
    }
  }

  #ask(held: Held, batch: Batch<SentMessage>): void {
    const { store, scope } = this.#parts
    const askedAtMs = scope.clock.monotonicMs()
    store.keep(batch).then(
      (answer) => this.#answered(held, batch, answer, scope.clock.monotonicMs() - askedAtMs),
      (error: unknown) => this.#failed(held, error),
    )
  }

  #answered(held: Held, batch: Batch<SentMessage>, answer: BatchAnswer, tookMs: number): void {
    if (!this.#isHere(held) || this.#parts.scope.ended) return
    const isEndKnown = answer.kind !== 'kept' && answer.kind !== 'fenced' && held.isEnding
    if (isEndKnown) this.#over(held, inDoubt(held, held.drop()))
    else if (answer.kind === 'kept') this.#kept(held, batch, answer.waiting, tookMs)
    else if (held.isAttaching || batch.gen !== held.record.gen) held.failed()
    else if (answer.kind === 'fenced') this.#letGo(held, 'moved')
    else this.#lose(held, answer)
    this.#parts.run()
    this.#handOvers.lookAtAll()
  }

  #kept(held: Held, batch: Batch<SentMessage>, waiting: number, tookMs: number): void {
    if (this.#age.isStale(held, tookMs)) {
      held.failed()
      return
    }
    const actions = held.kept()
    if (batch.ended !== undefined) this.#over(held, [...actions, ...held.drop()])
    else for (const action of actions) this.#parts.carryOut(action)
    if (waiting > held.taken) this.#takePosts(held)
    this.#handOvers.look(held)
  }

  #takePosts(held: Held): void {
    const { run } = this.#parts
    const isHere = () => this.#isHere(held)
    const taker = this.#posts.get(held) ?? new PostTaker({ ...this.#parts, held, isHere })
    this.#posts.set(held, taker)
    taker.take().then(run, (error: unknown) => this.#report(error))
  }

  #isHere(held: Held): boolean {
    return this.#held.get(held.record.sid) === held
  }

  #failed(held: Held, error: unknown): void {
    if (this.#parts.scope.ended) return
    held.failed()
    this.#later.run(() => this.flush())
    this.#unreachable(error)
  }

  #unreachable(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (!this.#parts.scope.ended) this.#parts.log('warn', 'store-unreachable', { message })
  }

  /** What fails when all is over was cut off by the end. */
  #report(error: unknown): void {
    if (!this.#parts.scope.ended) this.#parts.report(error)
  }

  /** The store knows of the end: it may be told. */
  #over(held: Held, actions: readonly HeldAction<SentMessage>[]): void {
    this.#drop(held)
    for (const action of actions) {
      if (action.type === 'ended') this.#parts.book.forget(action)
      this.#parts.carryOut(action)
    }
  }

  /** The session is over for a reason that lies elsewhere. */
  #lose(held: Held, answer: Exclude<BatchAnswer, { kind: 'kept' | 'fenced' }>): void {
    const { sid } = held.record
    const { core, book, log } = this.#parts
    const reason = answer.kind === 'lost' ? 'unknown' : answer.reason
    log('warn', 'session-lost', { session: logNameOf(sid), reason })
    held.doubt()
    this.#drop(held)
    book.forget({ sid, reason })
    core.session(sid)?.end(reason)
  }

  /** Another server has the session, or may have it. */
  #letGo(held: Held, cause: 'moved' | 'stopped'): void {
    this.#drop(held)
    this.#departures.go(held, cause)
  }

  #drop(held: Held): void {
    this.#held.delete(held.record.sid)
    this.#handOvers.forget(held)
  }

  moved(action: ActionOf<'moved'>): void {
    this.#departures.tell(action)
  }

  leave(): void {
    this.#handOvers.leave()
  }

  finish(forced: Promise<void>): Promise<void> {
    return this.#handOvers.finish(forced)
  }

  /** Something happened elsewhere: to a session, or to the store. */
  wake(sid?: string): void {
    if (sid === undefined) for (const held of this.#held.values()) held.touch()
    else this.touch(sid)
    this.flush()
  }
}

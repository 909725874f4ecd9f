import type { Scope } from '@holdfast/lifetime'
import type { HeldOutput, ServerCore } from '@holdfast/protocol'
import { QuietWatch } from './quiet-watch.ts'
import type { SentMessage } from './sent-message.ts'
import type { SessionBook } from './session-book.ts'
import type { SharedStore } from './shared-store.ts'

type Held = HeldOutput<SentMessage>

/** What hand-overs work with. */
export interface HandOversParts {
  readonly store: Pick<SharedStore, 'letGo' | 'settled'>
  readonly core: ServerCore<SentMessage>
  readonly book: SessionBook
  readonly scope: Scope
  /** The sessions that this server holds, by their id. */
  readonly held: ReadonlyMap<string, Held>
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** The session is over here. */
  readonly letGo: (held: Held, cause: 'moved' | 'stopped') => void
  /** Takes what the store failed with. */
  readonly unreachable: (error: unknown) => void
}

/** Why a session is to be let go, and who is to hear of it. */
interface Reason {
  readonly cause: 'moved' | 'stopped'
  readonly done: () => void
}

/** The close code for a connection whose session another one has. */
const SUPERSEDED = 4409

/** How long the store may take, when the time is over, to take what it does not have yet. */
export const HANDOVER_MS = 500

/** Sessions that are to be let go, each as soon as the store has all of it: for another server, or because this one stops. */
export class HandOvers {
  readonly #parts: HandOversParts
  readonly #wanted = new Map<Held, Reason>()
  readonly #allGone: QuietWatch
  #state: 'staying' | 'leaving' = 'staying'

  constructor(parts: HandOversParts) {
    this.#parts = parts
    this.#allGone = new QuietWatch(() => parts.held.size === 0)
  }

  /**
   * Another server has a client for a session: what is still on its way here is not taken in any more, what was is kept, and then
   * the session is let go.
   */
  ask(sid: string, gen: number, done: () => void): void {
    const { core, held: all, run } = this.#parts
    const held = all.get(sid)
    if (held === undefined || held.record.gen !== gen) return done()
    // A client of ours wants it too, or it is over: then the store decides.
    if (held.isAttaching || held.isEnding) return undefined
    this.#want(held, { cause: 'moved', done })
    const connection = core.session(sid)?.connection
    if (connection !== undefined) core.reject(connection, { code: SUPERSEDED, message: 'superseded' })
    return run()
  }

  #want(held: Held, reason: Reason): void {
    this.#wanted.set(held, reason)
    held.touch()
  }

  /** This server is about to stop: a client that goes does not come back here, so its session need not wait for the end. */
  leave(): void {
    this.#state = 'leaving'
    for (const held of this.#parts.held.values()) this.detached(held)
  }

  /** A session may have lost its client. */
  detached(held: Held): void {
    if (this.#state === 'leaving' && held.record.place === 'detached') this.#wantGone(held)
  }

  #wantGone(held: Held): void {
    if (this.#wanted.has(held) || held.isEnding) return
    this.#want(held, { cause: 'stopped', done: () => this.#tellGone(held) })
  }

  /** Nobody need ask this server any more. Where that fails, the next one does, and goes on without it. */
  #tellGone({ record: { sid, gen } }: Held): void {
    const { store, unreachable } = this.#parts
    store.letGo(sid, gen).catch(unreachable)
  }

  /** The store has answered: a session that is wanted, and of which it has all, is let go. */
  look(held: Held): void {
    const { held: all, book, letGo } = this.#parts
    const { sid, inbox } = held.record
    const reason = this.#wanted.get(held)
    if (reason === undefined || all.get(sid) !== held) return
    if (held.isSettled) {
      letGo(held, reason.cause)
      reason.done()
    } else if (inbox.handled === inbox.rx) {
      // An application that never stops sending would have something new each time.
      book.closeTo(sid)
    }
  }

  /** Nothing has to be let go any more: the session goes on here, or is over. */
  forget(held: Held): void {
    this.#parts.book.openTo(held.record.sid)
    this.#wanted.delete(held)
  }

  /** The client has come back here, so whoever else waits for the session has one that has left it since. */
  cameBack(held: Held): void {
    const reason = this.#wanted.get(held)
    this.forget(held)
    if (reason?.cause === 'moved') reason.done()
  }

  /** Something may be the last of it. */
  lookAtAll(): void {
    this.#allGone.look()
  }

  /**
   * Leaves every session to the store, each as soon as it has all of it, and waits for whatever else was asked of the store: at most
   * `HANDOVER_MS` longer than `forced`. Those that are left then go with what the store may have of them.
   */
  async finish(forced: Promise<void>): Promise<void> {
    const { held, scope, store, run, letGo } = this.#parts
    const limit = forced.then(
      () => new Promise<'over'>((resolve) => void scope.timeout(HANDOVER_MS, () => resolve('over'))),
    )
    this.#state = 'leaving'
    for (const each of held.values()) this.#wantGone(each)
    run()
    let outcome: 'over' | undefined
    do {
      // What was asked before may bring in another one.
      outcome = (await Promise.race([this.#allGone.wait().then(() => store.settled()), limit])) ?? undefined
    } while (held.size > 0 && outcome === undefined)
    for (const each of held.values()) letGo(each, 'stopped')
  }
}

import type { HeldAction, HeldOutput, ServerCore } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'
import type { ActionOf, SessionBook } from './session-book.ts'

/** What departures work with. */
export interface DeparturesParts {
  readonly core: ServerCore<SentMessage>
  readonly book: SessionBook
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** Carries out one action that was held. */
  readonly carryOut: (action: HeldAction<SentMessage>) => void
}

/** Sessions that leave this server without an end: another one has them, or they wait in the store for one. */
export class Departures {
  readonly #parts: DeparturesParts
  readonly #leaving = new Map<
    string,
    { readonly held: HeldOutput<SentMessage>; readonly cause: 'moved' | 'stopped' }
  >()

  constructor(parts: DeparturesParts) {
    this.#parts = parts
  }

  /** Lets go of a session, which nobody holds output for any more: nothing is said for it but that. */
  go(held: HeldOutput<SentMessage>, cause: 'moved' | 'stopped'): void {
    const { core, book, run, carryOut } = this.#parts
    const { sid } = held.record
    this.#leaving.set(sid, { held, cause })
    core.moved(sid)
    run()
    for (const action of held.drop()) {
      // It had ended here already, and the end was not told yet.
      if (action.type === 'ended') {
        const { delivered, uncertain, undelivered } = action.handBack
        this.tell({ sid, entries: [...delivered, ...uncertain, ...undelivered] })
      } else if (action.type === 'close') carryOut(action)
    }
    this.#leaving.delete(sid)
    book.release(sid)
  }

  /** Tells the application that a session is over here, and what became of its messages. */
  tell({ sid, entries }: Pick<ActionOf<'moved'>, 'sid' | 'entries'>): void {
    const leaving = this.#leaving.get(sid)
    if (leaving === undefined) return
    const { held, cause } = leaving
    const { acked } = held.record.outbox
    const kept = Math.max(0, held.keptTx - acked)
    const tried = Math.max(kept, held.triedTx - acked)
    this.#parts.book.handedOver(sid, {
      cause: { kind: cause },
      kept: entries.slice(0, kept),
      uncertain: entries.slice(kept, tried),
      undelivered: entries.slice(tried),
    })
  }
}

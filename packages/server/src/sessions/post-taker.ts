import type { HeldOutput } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'
import type { SessionBook } from './session-book.ts'
import type { SharedStore } from './shared-store.ts'

/** What is needed to take posts. */
export interface PostTakerParts {
  readonly held: HeldOutput<SentMessage>
  readonly store: SharedStore
  readonly book: SessionBook
  /** Whether this server still holds the session. */
  readonly isHere: () => boolean
}

/** Gives numbers to the messages that other servers posted for a session: as far as there is room, the rest later. */
export class PostTaker {
  readonly #parts: PostTakerParts
  #state: 'waiting' | 'taking' = 'waiting'
  #last: string | undefined

  constructor(parts: PostTakerParts) {
    this.#parts = parts
  }

  /** Takes what waits; does nothing while it is about it. */
  async take(): Promise<void> {
    if (this.#state === 'taking') return
    this.#state = 'taking'
    const { held, store, book, isHere } = this.#parts
    const { sid } = held.record
    try {
      for (const { id, message } of await store.waiting(sid, this.#last)) {
        // In one step with its number: else this server could end in between, and the next one would give the post another.
        const answer = isHere() ? book.post(sid, message, (number) => held.took(id, number)) : 'ended'
        if (answer === 'overflow' || answer === 'ended') return
        // One that is too large by now can never be sent: it is taken, and that is all.
        if (answer === 'too-large') held.took(id, 0)
        this.#last = id
      }
    } finally {
      this.#state = 'waiting'
    }
  }
}

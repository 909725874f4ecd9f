import type { HeldOutput, ServerSession } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'
import type { SessionBook } from './session-book.ts'
import type { SharedStore } from './shared-store.ts'

/** What is needed to take posts. */
export interface TakePostsParts {
  readonly store: SharedStore
  readonly book: SessionBook
  /** The session, as long as this server holds it. */
  readonly session: () => ServerSession<SentMessage> | false | undefined
}

/** Gives numbers to the messages that other servers posted for a session, as far as there is room. The rest is taken later. */
export async function takePosts(held: HeldOutput<SentMessage>, parts: TakePostsParts): Promise<void> {
  if (held.posts.name === 'taking') return
  const { after } = held.posts
  held.posts = { name: 'taking' }
  let last = after
  try {
    for (const { id, message } of await parts.store.waiting(held.record.sid, after)) {
      if (!parts.session()) return
      const answer = parts.book.post(held.record.sid, message)
      if (answer === 'overflow' || answer === 'ended') return
      // One that is too large by now can never be sent: it is taken, and that is all.
      held.took(id, typeof answer === 'number' ? answer : 0)
      last = id
    }
  } finally {
    held.posts = { name: 'waiting', after: last }
  }
}

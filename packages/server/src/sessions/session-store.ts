import type { AttachRequest, Attachment, StoreWrite } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'

/**
 * Where sessions are kept while their clients are away. The server counts in the record that `attach` returns, and its messages
 * carry their receipts: a store of this process shares both. One outside of it would need to be told of each message, which this
 * interface does not do.
 */
export interface SessionStore {
  /**
   * Finds the session that a HELLO names, or makes a new one, in one atomic step: section 4.2 of the protocol says how. What
   * it throws closes that connection with 4500.
   */
  attach(request: AttachRequest): Attachment<SentMessage>
  /** Notes what happened to a session; for one that it does not hold, or of another `gen`, it does nothing. */
  write(write: StoreWrite): void
}

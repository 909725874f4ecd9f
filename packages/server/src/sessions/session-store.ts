import type { AttachRequest, Attachment, StoreWrite } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'

/**
 * Where sessions are kept while their clients are away. The server counts in the record that `attach` returns: a store in the
 * same process shares it and has nothing more to do.
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

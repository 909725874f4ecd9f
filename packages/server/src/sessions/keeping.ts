import type { AttachRequest, Attachment, HeldAction, StoreWrite } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'
import type { ActionOf } from './session-book.ts'

/** What the engine asks of the store: the same of one in this process, which is never behind, and of one that servers share. */
export interface Keeping {
  /** Asks about a HELLO, and gives the answer to one of the two, now or later. */
  find(
    connection: number,
    request: AttachRequest,
    answered: (attachment: Attachment<SentMessage>) => void,
    failed: (error: unknown) => void,
  ): void
  /** Holds an action back until what it rests on is kept; returns false when it can be carried out. */
  hold(action: HeldAction<SentMessage>): boolean
  /** Notes what follows from a connection's life. */
  write(write: StoreWrite): void
  /** Notes that a session's counts or messages may have changed. */
  touch(sid: string): void
  /** Keeps what is new. */
  flush(): void
  /** Tells the application that a session goes on elsewhere. */
  moved(action: ActionOf<'moved'>): void
  /** Tells whether what is said on a connection has to be kept first. */
  has(connection: number): boolean
  /** Bytes held back that are to be sent on a connection. */
  bufferedBytes(connection: number): number
  /** Forgets a connection that is gone. */
  closed(connection: number): void
  /** How long `finish` may take once the time is over. */
  readonly handOverMs: number
  /** The server is about to stop: leaves to others, if there can be any, each session whose client goes. */
  leave(): void
  /** Leaves all sessions to others, at most `handOverMs` longer than `forced`. */
  finish(forced: Promise<void>): Promise<void> | undefined
}

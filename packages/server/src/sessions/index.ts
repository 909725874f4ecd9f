// For those who serve resumable sessions.
export { echoSessions } from './echo-sessions.ts'
export { sessions, type Sessions } from './sessions.ts'
export type { SessionsOptions } from './sessions-options.ts'
export type {
  CloseSessionOptions,
  ServerSession,
  ServerSessionEvents,
  SessionEnd,
  SessionEndCause,
  SessionHandBack,
  SessionHandedBack,
  SessionHandler,
  SessionState,
} from './server-session.ts'
export type { SessionIncoming } from './readers.ts'
export type { SentMessage, SessionFinalStatus, SessionMessage, SessionReceipt } from './sent-message.ts'
export type {
  Authenticate,
  AuthenticationAttempt,
  AuthenticationRefusal,
  Identified,
} from './authenticate.ts'
export type { SessionStats } from '../session-stats.ts'
export type { SessionOverview } from './session-overview.ts'

// For those who decide themselves which sessions are kept.
export type { SessionStore } from './session-store.ts'
export type { SharedStore, SharedStoreHost, WaitingPost } from './shared-store.ts'
export type {
  AttachRequest,
  Attachment,
  Batch,
  BatchAnswer,
  LossReason,
  SessionRecord,
  SharedAttachment,
  StoreWrite,
} from '@holdfast/protocol'

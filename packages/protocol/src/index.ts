// For whoever builds an end on this protocol.
export { closeCode } from './close-code.ts'
export { type Batching, type BatchOptions, batchDefaults, batching } from './batch.ts'
export type { ClientAction, Outcome } from './client-action.ts'
export {
  type ClientConfig,
  type ClientOptions,
  clientDefaults,
  resolveClientOptions,
} from './client-config.ts'
export { ClientCore } from './client-core.ts'
export type { AckMode, ExchangeAction, ExchangeTimer, Refusal, SessionTimer } from './exchange.ts'
export { type Hello, type LastCounts, type Welcome, subprotocol } from './frame.ts'
export type { GoAwayNotice } from './go-away-notice.ts'
export type { HandBack } from './hand-back.ts'
export { type Limits, defaultLimits } from './limits.ts'
export { type HeldAction, HeldOutput } from './held-output.ts'
export { keepsCounts, type LossReason } from './loss-reason.ts'
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts'
export type { OutboxBounds } from './outbox.ts'
export type { Outgoing, Payload } from './outgoing.ts'
export type { ServerAction, ServerTimer } from './server-action.ts'
export { type ServerOptions, serverDefaults } from './server-config.ts'
export type { Authentication, Rejection } from './server-connection.ts'
export { ServerCore } from './server-core.ts'
export type { ServerSession } from './server-session.ts'
export type {
  AttachRequest,
  Attachment,
  SessionRecord,
  SessionStore,
  Stage,
  StoreWrite,
} from './session-store.ts'
export type { Batch, BatchAnswer, SharedAttachment, SharedStorage } from './shared-store.ts'
export { utf8Bytes } from './utf8-bytes.ts'

// For tools and tests that speak in frames.
export { clientFrames } from './client-frames.ts'
export { encodeBatch } from './batch.ts'
export { decodeText, encodeControl, encodeText } from './codec.ts'
export type { ControlFrame, Frame, Violation } from './frame.ts'
export { serverFrames } from './server-frames.ts'

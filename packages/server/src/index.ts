// For those who run a server.
export type { AdmissionOptions } from './admission-options.ts'
export type { Connection, ConnectionClosed, ConnectionEvents, Handler, SendResult } from './connection.ts'
export type { ConnectionRequest } from './connection-request.ts'
export type { CloseCause, RefusalReason, ServerCounters } from './counters.ts'
export type { DrainOptions } from './drain.ts'
export { echo } from './echo.ts'
export { isServerError, ServerError, type ServerErrorCode } from './errors.ts'
export {
  type HealthSource,
  healthHandler,
  type ServerStats,
} from './health-handler.ts'
export type { HttpRoute } from './http-route.ts'
export type { LogEntry, Logger, LogLevel } from './log.ts'
export { defaults, type ServerOptions } from './options.ts'
export type { Origins } from './origin.ts'
export { firstOffered, type ProtocolChooser, type Protocols } from './protocols.ts'
export { createServer, type HoldfastServer } from './server.ts'
export type { Refused, ServerEvents } from './server-events.ts'
export type { ServerAddress, ServerState } from './state.ts'
export type { StopOptions } from './stop-options.ts'
export type { Verify, VerifyRefusal } from './verify.ts'

// For those who build their own server or tools on these parts.
export { type OriginFacts, isOriginAllowed } from './origin.ts'
export { type Misbehaviour, readMisbehaviour } from './misbehaviour-query.ts'
export { printable } from './printable.ts'

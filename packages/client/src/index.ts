// For applications.
export type { ListenOptions, Release, Resources } from '@holdfast/lifetime'
export type { FinalStatus, Receipt, ReceiptStatus } from '@holdfast/mailbox'
export type { Cause, Phase, WakeSignal } from './cause.ts'
export { connect } from './connect.ts'
export { type ErrorCode, HoldfastError, isHoldfastError, unauthorized } from './errors.ts'
export type { ProbeResult } from './heartbeat.ts'
export type { ConnectedContext, OnConnected } from './hello.ts'
export type { Incoming, Message } from './message.ts'
export { defaults, type NotYet, type SessionOptions, type WhenHidden } from './options.ts'
export type { HandBack, HandedBack, SendOptions } from './queue.ts'
export type {
  CloseOptions,
  ErrorPhase,
  ReconnectOptions,
  Session,
  SessionEnd,
  SessionError,
  SessionEvents,
  SessionQueue,
  StateChange,
} from './session.ts'
export type { Closed, Closing, Connecting, Idle, Open, State, Waiting } from './state.ts'
export type { Address, AttemptContext, Credentials, Provided } from './target.ts'

// For those who build on it: custom policies, sockets, clocks and logs.
export type { Clock } from '@holdfast/lifetime'
export { type BackoffOptions, backoffDelayMs, hintDelayMs } from './backoff.ts'
export { classify, type Verdict } from './classify.ts'
export type { HeartbeatOptions, HeartbeatStrategy } from './heartbeat.ts'
export type { Logger, LogRecord } from './log.ts'
export type { Settings } from './options.ts'
export type { Plug, Plugged, PlugHost } from './plug.ts'
export type { QueueOptions } from './queue.ts'
export type { CreateSocket, SocketContext, SocketLike } from './socket-like.ts'

/** Why the server could not do what was asked. */
export type ServerErrorCode =
  /** Another process holds the port. */
  | 'address-in-use'
  /** The operating system refused the address for another reason; see `cause`. */
  | 'listen-failed'
  /** The certificate or its key cannot be used; see `cause`. */
  | 'bad-tls'
  /** Another server is attached to the same path of the same HTTP server. */
  | 'path-taken'
  /** The server has not started, so there is nothing to drain. */
  | 'not-ready'
  /** The server was stopped before or while it started. */
  | 'stopped'
  /** The `verify` hook did not answer within `verifyTimeoutMs`. */
  | 'verify-timeout'
  /** The `verify` or `authenticate` hook or the `protocols` function returned something that is no answer. */
  | 'bad-answer'
  /** The `authenticate` hook did not answer within `authenticateTimeoutMs`. */
  | 'authenticate-timeout'
  /** The session has ended, or is about to. */
  | 'session-ended'
  /** The message is larger than the client takes. */
  | 'message-too-large'
  /** The session, or the server for all of them, holds as much for its client as it may. */
  | 'overflow'
  /** A loop over messages fell behind by more than `maxUnread`. */
  | 'iterator-overflow'
  /** Handlers that do not settle hold the whole window: the client cannot send any more. */
  | 'handler-stalled'

const brand = Symbol.for('@holdfast/server/error')

/** Reports a failure of the server itself. Bad options are `TypeError` and `RangeError` instead. */
export class ServerError extends Error {
  readonly code: ServerErrorCode
  readonly [brand] = true

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ServerError'
    this.code = code
  }
}

/** Tells whether `value` is a `ServerError`, also one of a second copy of this package. */
export function isServerError(value: unknown): value is ServerError {
  return typeof value === 'object' && value !== null && brand in value
}

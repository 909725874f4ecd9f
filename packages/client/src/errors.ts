/** What went wrong, as a word to branch on. Every code has its line in `docs/errors.md`. */
export type ErrorCode =
  | 'closed'
  | 'codec-failed'
  | 'codec-full'
  | 'connection-lost'
  | 'dial'
  | 'handler-stalled'
  | 'in-hook'
  | 'invalid-message'
  | 'invalid-value'
  | 'iterator-overflow'
  | 'message-too-large'
  | 'not-sent'
  | 'no-session'
  | 'pool-exhausted'
  | 'queue-full'
  | 'request-failed'
  | 'timeout'
  | 'too-many-requests'
  | 'unauthorized'

/** Every error of this library, but for bad arguments: those are `TypeError` and `RangeError` at the call. */
export class HoldfastError extends Error {
  readonly code: ErrorCode
  /** The mark by which copies of this package know each other's errors. */
  readonly holdfast = true as const

  /** @param message what: which, number, limit */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`[${code}] ${message}`, options)
    this.name = 'HoldfastError'
    this.code = code
  }
}

/**
 * Tells whether `value` is an error of this library, and of `code` where one is given. Looks at a brand, so it also knows
 * errors of a second copy of the package.
 */
export function isHoldfastError(value: unknown, code?: ErrorCode): value is HoldfastError {
  const error = value as Partial<HoldfastError> | null | undefined
  return error?.holdfast === true && (code === undefined || error.code === code)
}

/**
 * Makes the error that a credential or URL provider throws to say "signed out: stop". The session ends with the cause
 * `unauthorized` instead of trying again. Any other error of a provider is one failed attempt.
 */
export function unauthorized(message = 'no credentials'): HoldfastError {
  return new HoldfastError('unauthorized', message)
}

/** Makes the error of whoever waited for a session that has ended. */
export function sessionClosed(): HoldfastError {
  return new HoldfastError('closed', 'session: closed')
}

/** Gives a promise whose rejection nobody needs to handle: it is an answer to whoever asks, not an accident. */
export function answer<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

import { type ErrorCode, HoldfastError, isHoldfastError } from '../errors.ts'

/** Whether the server has a request: certainly not; nobody can know; certainly, for it answered. */
export type Sent = 'no' | 'maybe' | 'yes'

/** Why a request got no answer, or none that it wanted. */
export class RequestError extends HoldfastError {
  /** Whether the server has the request. After `no` it is safe to ask again. */
  readonly sent: Sent

  /** @param message what: which, number, limit */
  constructor(code: ErrorCode, sent: Sent, message: string, cause?: unknown) {
    super(code, `request: ${message}`, { cause })
    this.name = 'RequestError'
    this.sent = sent
  }
}

/** Tells whether `value` is a `RequestError`, also one of a second copy of this package. */
export function isRequestError(value: unknown): value is RequestError {
  return isHoldfastError(value) && 'sent' in value
}

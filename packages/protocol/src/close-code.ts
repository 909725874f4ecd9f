/**
 * The close codes of `holdfast.v1`, in the range RFC 6455 section 7.4.2 leaves to applications; an ERROR frame names the
 * same code before the close, because browsers cannot read more of a failed connection than its code.
 */
export const closeCode = {
  /** The session ended with BYE. */
  bye: 4000,
  /** A frame that the protocol does not allow here. */
  protocol: 4400,
  /** Credentials are missing or no longer valid. */
  unauthorized: 4401,
  /** The credentials are good, but do not allow this. */
  forbidden: 4403,
  /** No HELLO in time, or too much before it. */
  timeout: 4408,
  /** A later connection of the same session took over; the client makes no further attempt. */
  superseded: 4409,
  /** The server ended the session. */
  ended: 4410,
  /** The HELLO belongs to an attempt older than one the server already knows. */
  stale: 4412,
  /** A message is larger than the receiver's limit. */
  tooLarge: 4413,
  /** Too many; come back after `retryMs`. */
  rate: 4429,
  /** The server failed; come back. */
  internal: 4500,
  /** The server is leaving; come back, elsewhere or later. */
  draining: 4503,
} as const

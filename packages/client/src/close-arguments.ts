import { assertMembers, assertNumber } from './bounds.ts'
import { byteLengthOf } from './message.ts'
import type { CloseOptions } from './session.ts'

/** A close frame holds 125 bytes, two of them the code: RFC 6455 sections 5.5 and 5.5.1. */
const MOST_REASON_BYTES = 123

/**
 * Checks what is to be said at the end and fills in the defaults.
 * @throws TypeError or RangeError at the call, so that a session is never half closed
 */
export function closeArguments(options: CloseOptions = {}): Required<CloseOptions> {
  assertMembers('close', options, ['code', 'reason', 'drainMs'])
  const { code = 1000, reason = '', drainMs = 0 } = options
  if (code !== 1000) assertNumber('close.code (or 1000)', code, [3000, 4999])
  if (!Number.isInteger(code)) throw new RangeError(`close.code: must be a whole number, got ${code}`)
  if (typeof reason !== 'string') throw new TypeError(`close.reason: must be a string, got ${typeof reason}`)
  const bytes = byteLengthOf(reason)
  if (bytes > MOST_REASON_BYTES) {
    throw new RangeError(`close.reason: must be at most ${MOST_REASON_BYTES} bytes of UTF-8, got ${bytes}`)
  }
  assertNumber('close.drainMs', drainMs, [0, Number.POSITIVE_INFINITY])
  return { code, reason, drainMs }
}

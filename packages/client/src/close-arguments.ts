import { fill, must } from './bounds.ts'
import { byteLengthOf } from './message.ts'
import type { CloseOptions } from './session.ts'

/** A close frame holds 125 bytes, two of them the code: RFC 6455 sections 5.5 and 5.5.1. */
const MOST_REASON_BYTES = 123

/**
 * Checks what is to be said at the end and fills in the defaults.
 * @throws TypeError or RangeError at the call, so that a session is never half closed
 */
export function closeArguments(options: CloseOptions = {}): Required<CloseOptions> {
  const checked = fill('close', options, { code: 1000, reason: '', drainMs: 0 })
  const { code, reason } = checked
  must(/^(1000|[34]\d{3})$/.test(`${code}`), RangeError, 'close.code', '1000 or 3000 to 4999', code)
  const bytes = byteLengthOf(reason)
  must(
    bytes <= MOST_REASON_BYTES,
    RangeError,
    'close.reason',
    `at most ${MOST_REASON_BYTES} UTF-8 bytes`,
    bytes,
  )
  return checked
}

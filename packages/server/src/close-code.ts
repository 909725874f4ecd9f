import { shown } from './option-checks.ts'

/** The most UTF-8 bytes of a close reason: a control frame's 125 less two for the code (RFC 6455, sections 5.5, 5.5.1). */
const MAX_REASON_BYTES = 123

/**
 * Checks what is to be sent in a close frame (RFC 6455, section 7.4).
 * @throws RangeError for a code that may not be sent, or a reason of more than 123 bytes in UTF-8
 */
export function checkClose(codeName: string, code: number, reasonName: string, reason: string): void {
  if (!isSendable(code)) {
    throw new RangeError(
      `${codeName}: must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, received ${shown(code)}`,
    )
  }
  const bytes = Buffer.byteLength(reason)
  if (bytes > MAX_REASON_BYTES) {
    throw new RangeError(`${reasonName}: must have at most ${MAX_REASON_BYTES} bytes, received ${bytes}`)
  }
}

function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  // 1004 is reserved; 1005, 1006 and 1015 only describe what was seen and are never sent.
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}

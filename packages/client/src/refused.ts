import type { Cause } from './cause.ts'

/** The part of an HTTP response that this code uses. */
export interface Refusal {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Makes the cause of an upgrade that was answered with an HTTP status. */
export function refused({ statusCode, headers }: Refusal, now: number): Cause {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    // Cookies are secrets, and the target of a redirect may carry some in its query.
    if (name === 'set-cookie' || value === undefined) continue
    shown[name] = name === 'location' ? String(value).replace(/\?.*$/s, '?…') : String(value)
  }
  const retryAfterMs = parseRetryAfter(shown['retry-after'], now)
  const hint = retryAfterMs === undefined ? {} : { retryAfterMs }
  return { kind: 'refused', status: statusCode, headers: shown, ...hint }
}

/** Reads `Retry-After`: seconds or a date, RFC 9110 section 10.2.3. Anything else is no hint. */
function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

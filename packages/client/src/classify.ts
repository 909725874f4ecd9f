import { assertNumber, assertOneOf } from './bounds.ts'
import type { Cause } from './cause.ts'

/**
 * What to do after an attempt failed or a connection ended. `retry`: try again, with backoff. `refresh`: the same, and the
 * providers are told why; when nothing is a provider, fresh credentials cannot come and it is `stop`. `stop`: the session
 * ends. `retryAfterMs`: a hint that overrides the backoff.
 */
export type Verdict = 'retry' | 'refresh' | 'stop' | { readonly retryAfterMs: number }

/** Asked to sign in: with a status, with a redirect to the page for it, or with a close code (1008 policy, 3000 IANA). */
const refresh = [301, 302, 303, 307, 308, 401, 1008, 3000]

/**
 * Will be the same next time: HTTP statuses (404 is not one, balancers answer it during a deploy), and the close codes 1000
 * (the server is done), 1010 (it lacks an extension) and 3003 (IANA: forbidden). 409 is here for 4409: superseded.
 */
const stop = [400, 403, 405, 407, 409, 410, 414, 426, 431, 451, 1000, 1010, 3003]

/**
 * Decides, as a pure table, what follows from a cause. All of 1000–1015, 3000–4999 and every HTTP status have a verdict;
 * what is not listed is `retry`. The `classify` option is asked first and may overrule each of them.
 * @see https://www.iana.org/assignments/websocket/websocket.xhtml
 */
export function classify(cause: Cause): Verdict {
  const { kind } = cause
  if (kind === 'not-admitted') return { retryAfterMs: cause.retryAfterMs }
  if (kind === 'refused') return verdictOf(cause.status, cause.retryAfterMs)
  if (kind === 'server-close') return verdictOf(httpStatusOf(cause.code), retryAfterOf(cause.reason))
  return kind === 'unauthorized' || kind === 'forbidden' ? 'stop' : 'retry'
}

/**
 * Checks what the `classify` option gave.
 * @throws TypeError or RangeError when it is no verdict, such as the promise of an async function
 */
export function assertVerdict(verdict: Verdict | undefined): Verdict | undefined {
  if (typeof verdict === 'object') assertNumber('classify.retryAfterMs', verdict?.retryAfterMs, 0)
  else assertOneOf('classify', verdict, ['retry', 'refresh', 'stop', undefined])
  return verdict
}

function verdictOf(code: number, retryAfterMs = 0): Verdict {
  if (refresh.includes(code)) return 'refresh'
  if (stop.includes(code)) return 'stop'
  // A hint of 0, or one that is no number, is none: told to come at once, all clients would, and a server that goes on refusing would be dialled
  // without a pause.
  return retryAfterMs ? { retryAfterMs } : 'retry'
}

/** Close codes 44xx are read as HTTP 4xx, which is how applications use them; others stay. */
function httpStatusOf(code: number): number {
  return code >= 4400 && code < 4500 ? code - 4000 : code
}

/** Reads the hint that a server may put into a close reason: `retry-after-ms=1500`. `NaN` when there is none. */
function retryAfterOf(reason: string): number {
  return Number(/(?:^|[\s;,])retry-after-ms=(\d{1,9})/.exec(reason)?.[1])
}

import type { Cause } from './cause.ts'

/**
 * What to do after an attempt failed or a connection ended. `retry`: try again, with backoff. `refresh`: the same, and the
 * providers are told why; when nothing is a provider, fresh credentials cannot come and it is `stop`. `stop`: the session
 * ends. `retryAfterMs`: a hint that overrides the backoff.
 */
export type Verdict = 'retry' | 'refresh' | 'stop' | { readonly retryAfterMs: number }

/** HTTP statuses that are not simply tried again. */
const byStatus: Readonly<Record<number, Verdict>> = {
  // Asked to sign in, with a status or with a redirect to the page for it.
  301: 'refresh',
  302: 'refresh',
  303: 'refresh',
  307: 'refresh',
  308: 'refresh',
  401: 'refresh',
  // Will be the same next time. 404 is not here: balancers answer it while a service is being deployed.
  400: 'stop',
  403: 'stop',
  405: 'stop',
  407: 'stop',
  410: 'stop',
  414: 'stop',
  426: 'stop',
  431: 'stop',
  451: 'stop',
}

/** Close codes that are not simply tried again. 44xx are read as HTTP 4xx, which is how applications use them. */
const byCode: Readonly<Record<number, Verdict>> = {
  1000: 'stop', // normal closure: the server says it is done
  1008: 'refresh', // policy violation: what servers send when a token is missing or old
  1010: 'stop', // the client demands an extension that the server lacks
  3000: 'refresh', // IANA: unauthorized
  3003: 'stop', // IANA: forbidden
  4409: 'stop', // superseded: another client took this session over
}

/**
 * Decides, as a pure table, what follows from a cause. All of 1000–1015, 3000–4999 and every HTTP status have a verdict;
 * what is not listed is `retry`. The `classify` option is asked first and may overrule each of them.
 * @see https://www.iana.org/assignments/websocket/websocket.xhtml
 */
export function classify(cause: Cause): Verdict {
  switch (cause.kind) {
    case 'not-admitted':
      return { retryAfterMs: cause.retryAfterMs }
    case 'refused':
      return hint(cause.retryAfterMs, byStatus[cause.status])
    case 'server-close':
      return hint(retryAfterOf(cause.reason), byCode[cause.code] ?? byStatus[cause.code - 4000])
    case 'unauthorized':
    case 'forbidden':
      return 'stop'
    default:
      return 'retry'
  }
}

function hint(retryAfterMs: number | undefined, verdict: Verdict = 'retry'): Verdict {
  return verdict === 'retry' && retryAfterMs !== undefined ? { retryAfterMs } : verdict
}

/** Reads the hint that a server may put into a close reason: `retry-after-ms=1500`. */
function retryAfterOf(reason: string): number | undefined {
  const digits = /(?:^|[\s;,])retry-after-ms=(\d{1,9})/.exec(reason)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

import type { Cause } from '../cause.ts'

/**
 * What an attempt tells about the server. `failure`: it is in trouble. `success`: it works, whatever it answered. `ignored`:
 * nothing, such as an attempt that was given up.
 */
export type Outcome = 'failure' | 'success' | 'ignored'

/** 408 and 429 are 4xx, yet they speak of a server that has too much to do, not of what it was asked. */
const busy = new Set([408, 429])

/**
 * Close codes of a server that works: it is done (1000), or does not like what it got (RFC 6455 section 7.4.1; IANA: 3000
 * unauthorized, 3003 forbidden).
 */
const fine = new Set([1000, 1003, 1007, 1008, 1009, 1010, 3000, 3003])

/**
 * Decides, as a pure table, what the end of an attempt, or of a connection that had only just opened, tells about the server.
 * Failures are: no connection, a limit of time in the phases `dial` and `hello`, HTTP 5xx, 408 and 429, and a connection that
 * ends early, but for close codes that say the server is done or the client is wrong. Close codes 44xx and 45xx are read as
 * HTTP statuses. Every other HTTP status is an answer, and so a success. What the application or the page did is ignored.
 */
export function outcomeOf(cause: Cause): Outcome {
  switch (cause.kind) {
    case 'unreachable':
    case 'lost':
    case 'liveness':
    case 'attempts-exhausted':
      return 'failure'
    case 'timeout':
      return cause.phase === 'dial' || cause.phase === 'hello' ? 'failure' : 'ignored'
    case 'refused':
      return ofStatus(cause.status)
    case 'server-close':
      if (cause.code >= 4400 && cause.code < 4600) return ofStatus(cause.code - 4000)
      return fine.has(cause.code) ? 'success' : 'failure'
    default:
      return 'ignored'
  }
}

function ofStatus(status: number): Outcome {
  return status >= 500 || busy.has(status) ? 'failure' : 'success'
}

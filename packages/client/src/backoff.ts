/** How long to wait before trying again. */
export interface BackoffOptions {
  /** Upper end of the first draw, in milliseconds; doubles with each retry. Default 2,000. At least 1. */
  readonly baseMs: number
  /** The upper end never grows beyond this many milliseconds. Default 30,000. At least `baseMs`. */
  readonly capMs: number
  /** A connection must have been open this long before the count of retries starts anew. Default 10,000; 0: at once. */
  readonly stableAfterMs: number
  /** Attempts in a row that may fail before the session goes `idle`. Default `Infinity`: never gives up. At least 1. */
  readonly maxAttempts: number
}

/** A server cannot make a client wait longer than this: five minutes. */
const LONGEST_HINT_MS = 300_000

/**
 * Draws the delay before retry `retry` (0, 1, 2, …): uniform in [0, min(capMs, baseMs · 2^retry)], "full jitter" from the
 * very first retry on, so that clients cut at the same moment come back spread out.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelayMs(
  { baseMs, capMs }: Pick<BackoffOptions, 'baseMs' | 'capMs'>,
  retry: number,
  random: () => number,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** retry)
}

/**
 * Draws the delay for a server's hint: never earlier than asked, later by up to half, so that a constant `Retry-After`
 * does not bring everybody back in the same instant. Hints are cut at five minutes; a hint that is no number counts as 0.
 */
export function hintDelayMs(hintMs: number, random: () => number): number {
  const boundedMs = Math.min(Math.max(hintMs, 0) || 0, LONGEST_HINT_MS)
  return boundedMs + random() * (boundedMs / 2)
}

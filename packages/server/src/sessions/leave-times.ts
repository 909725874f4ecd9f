/** Time for clients that were asked to go and draw the last moment, on top of the spread. */
const GRACE_MS = 5_000

/** What closing the connections that are left takes at the end of a deadline. */
const CLOSING_MS = 1_000

/** When what is asked of clients. */
export interface LeaveTimes {
  /** Within this time they are asked to go. */
  readonly spreadMs: number
  /** So long after the beginning those who are left are sent away. */
  readonly sendAwayMs: number
  /** Then those are cut who have not answered that: half of what is left of the deadline is for the rest of the end. */
  readonly cutMs: number
}

/** Settles when clients are asked to go, sent away and cut. */
export function leaveTimes(
  within: { readonly deadlineMs: number } | { readonly spreadMs: number },
  defaultSpreadMs: number,
): LeaveTimes {
  if ('spreadMs' in within) {
    const { spreadMs } = within
    return { spreadMs, sendAwayMs: spreadMs + GRACE_MS, cutMs: Number.POSITIVE_INFINITY }
  }
  const { deadlineMs } = within
  const spreadMs = Math.max(0, Math.min(defaultSpreadMs, deadlineMs - CLOSING_MS))
  return { spreadMs, sendAwayMs: spreadMs, cutMs: (spreadMs + deadlineMs) / 2 }
}

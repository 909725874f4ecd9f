/** Time for clients that were asked to go and draw the last moment, on top of the spread. */
const GRACE_MS = 5_000

/** What closing the connections that are left takes at the end of a deadline. */
const CLOSING_MS = 1_000

/** Settles within how long clients are asked to go, and how much later those who are left are sent away. */
export function leaveTimes(
  within: { readonly deadlineMs: number } | { readonly spreadMs: number },
  defaultSpreadMs: number,
): { readonly spreadMs: number; readonly graceMs: number } {
  if ('spreadMs' in within) return { spreadMs: within.spreadMs, graceMs: GRACE_MS }
  return { spreadMs: Math.max(0, Math.min(defaultSpreadMs, within.deadlineMs - CLOSING_MS)), graceMs: 0 }
}

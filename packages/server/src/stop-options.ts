/** How to stop. */
export interface StopOptions {
  /** Forces what is left as soon as it aborts. */
  readonly signal?: AbortSignal
  /** Time for clients to answer the close frame; then they are cut. Default 5,000; 0: cut at once; `Infinity`: wait. */
  readonly deadlineMs?: number
}

/** The default of `deadlineMs`: half of the 10 s that container platforms give at least before they kill. */
export const STOP_DEADLINE_MS = 5_000

/** The bounds of `deadlineMs`. */
export const deadlineBounds = { min: 0, max: 86_400_000, orInfinity: true }

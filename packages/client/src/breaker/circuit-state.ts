/**
 * Where a circuit is. A value: the same object until it changes. `closed`: attempts go on as ever. `open`: none does, until
 * somebody asks at `retryAt` (epoch ms) or later. `half-open`: one attempt at a time, the probe, finds out how the server is.
 */
export type CircuitState =
  | { readonly name: 'closed' }
  | { readonly name: 'open'; readonly retryAt: number; readonly reason: TripReason }
  | { readonly name: 'half-open'; readonly probe: 'none' | 'under-way' }

/** Why a circuit is open: too many failures, too many slow ones, a probe that failed or was slow, or `trip()`. */
export type TripReason = 'failures' | 'slow' | 'probe' | 'tripped'

/** A move of a circuit. */
export interface CircuitChange {
  readonly state: CircuitState
  readonly previous: CircuitState
}

/** What a circuit breaker tells. */
export interface CircuitEvents {
  /** The circuit has moved. */
  readonly state: CircuitChange
}

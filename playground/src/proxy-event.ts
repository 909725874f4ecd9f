/** Names one direction of a connection or both; `up` is from the browser to the server. */
export type Sides = 'up' | 'down' | 'both' | false

/** The faults that this page shows and sets; the proxy has a few more. */
export interface Faults {
  readonly stall: Sides
  readonly blackhole: Sides
  readonly accept: 'ok' | 'refuse' | 'hang' | 'reset' | 'close'
  readonly latencyMs: PerSide
  readonly jitterMs: PerSide
  readonly bytesPerSecond: PerSide
}

export type PerSide = number | { readonly up: number; readonly down: number }

/** One line of the proxy's event stream. */
export interface ProxyEvent {
  readonly n: number
  readonly atMs: number
  readonly event: string
  readonly faults?: Faults
  readonly [detail: string]: unknown
}

/** Names one direction of a connection: `up` is client to server, `down` is server to client. */
export type Side = 'up' | 'down'

/** Names the directions a fault covers; `false` is neither. */
export type Sides = Side | 'both' | false

/** Is one number for both directions, or one for each. */
export type PerSide = number | { readonly up: number; readonly down: number }

/** Says what the listening port does with a new dial. */
export type AcceptMode = 'ok' | 'refuse' | 'hang' | 'reset' | 'close'

/** Says how a connection is ended: `fin` is an orderly TCP close, `rst` an abortive one. */
export type CloseWith = 'fin' | 'rst'

/** Holds every fault of the proxy; 0 switches any of the numbers off. */
export interface Faults {
  /** Holds the bytes of these directions, and the ends of stream behind them, until lifted; then delivers them in order. */
  readonly stall: Sides
  /**
   * Drops the bytes of these directions in silence, as a half-open connection does. A direction that has lost a byte
   * stays dead for the rest of its connection, also after the fault is lifted; new connections are fine.
   */
  readonly blackhole: Sides
  /**
   * Treats new dials: `ok` serves them; `refuse` closes the listening port (ECONNREFUSED) and opens the same one again
   * afterwards; `hang` accepts and never answers; `reset` accepts and sends RST; `close` accepts and sends FIN.
   */
  readonly accept: AcceptMode
  /** Delays each read by this many milliseconds; 0 is off, at most 600,000, Infinity is not allowed. */
  readonly latencyMs: PerSide
  /** Adds 0 to this many milliseconds at random, never changing the order; 0 is off, Infinity is not allowed. */
  readonly jitterMs: PerSide
  /** Limits the throughput of each connection; 0 and Infinity both mean no limit (use `stall` to let nothing through). */
  readonly bytesPerSecond: PerSide
  /** Delivers in pieces of at most this many bytes, one per turn of the event loop; 0 and Infinity mean as they come. */
  readonly chunkBytes: PerSide
  /**
   * Ends new connections once exactly this many bytes passed in one direction; 0 and Infinity mean never. A RST comes
   * 20 ms after these bytes, so that they can be read before it takes effect.
   */
  readonly closeAfterBytes: PerSide
  /** Ends new connections this many milliseconds after they were accepted; 0 and Infinity mean never. */
  readonly closeAfterMs: number
  /** Says how `closeAfterBytes` and `closeAfterMs` end a connection; read when the connection is accepted. */
  readonly closeWith: CloseWith
}

type PerSideName = 'latencyMs' | 'jitterMs' | 'bytesPerSecond' | 'chunkBytes' | 'closeAfterBytes'

/** Names some faults with their new values; a per-direction number may name one direction only. */
export type FaultChange = Partial<Omit<Faults, PerSideName>> & {
  readonly [Name in PerSideName]?: number | Partial<Record<Side, number>>
}

/** Is the proxy as a plain pipe: every fault off. */
export const noFaults: Faults = Object.freeze({
  stall: false,
  blackhole: false,
  accept: 'ok',
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: 0,
  chunkBytes: 0,
  closeAfterBytes: 0,
  closeAfterMs: 0,
  closeWith: 'fin',
})

/** Tells whether a fault covers a direction. */
export function covers(sides: Sides, side: Side): boolean {
  return sides === side || sides === 'both'
}

/** Gives the number that counts for a direction. */
export function forSide(value: PerSide, side: Side): number {
  return typeof value === 'number' ? value : value[side]
}

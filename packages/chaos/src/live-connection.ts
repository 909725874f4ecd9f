import type { Sides } from './faults.ts'

/** Describes one connection at a moment. */
export interface ConnectionInfo {
  /** Counts the connections of the proxy: 1, 2, 3, … */
  readonly id: number
  /** Is the address the client dialled from, such as `127.0.0.1:50123`. */
  readonly client: string
  /** Is `live`, or `unserved` (accepted with `hang`, `reset` or `close`), or `closing` (being ended by the proxy). */
  readonly state: 'live' | 'unserved' | 'closing'
  /** Is the time of acceptance in milliseconds since the proxy started. */
  readonly openedAtMs: number
  /** Counts bytes delivered to the server. */
  readonly bytesUp: number
  /** Counts bytes delivered to the client. */
  readonly bytesDown: number
  /** Counts bytes held back on their way to the server. */
  readonly heldUp: number
  /** Counts bytes held back on their way to the client. */
  readonly heldDown: number
  /** Names the directions that lost bytes to `blackhole` and stay dead. */
  readonly dead: Sides
}

/** Is what the proxy can do with a connection, served or not. */
export interface LiveConnection {
  readonly info: ConnectionInfo
  faultsChanged(): void
  cut(): void
  reset(): void
  /** Resolves when its sockets are closed. */
  destroy(): Promise<void>
}

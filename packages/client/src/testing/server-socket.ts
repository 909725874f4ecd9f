/** The server's end of a connection. */
export interface ServerSocket {
  readonly url: string
  readonly protocols: readonly string[]
  /** The client's messages that have arrived, oldest first. */
  readonly received: readonly unknown[]
  /** How the connection ended, once it has, as the server saw it. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
  /** Sends a message to the client. */
  send(data: string | ArrayBuffer): void
  /** Closes with a close frame. */
  close(code?: number, reason?: string): void
  /** Breaks the connection: the client sees 1006. */
  cut(): void
  /** Freezes this end: nothing gets through any more in either direction, and nobody is told. */
  freeze(): void
  /** Runs at every message of the client. */
  onMessage(run: (data: unknown) => void): void
}

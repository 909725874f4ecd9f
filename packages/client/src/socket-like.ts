import type { ReceiptEntry } from '@holdfast/mailbox'
import type { Cause } from './cause.ts'

/** The part of a WebSocket that this code uses: a browser's, `ws`, undici's and others all fit. */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  binaryType: string
  send(data: never): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, run: (event: object) => void): void
  removeEventListener(type: string, run: (event: object) => void): void
  /** Set by sockets that settle receipts themselves: sends, and returns true. */
  take?(message: never, receipt: ReceiptEntry): true
}

/** What is known when a socket is made. */
export interface SocketContext {
  /** Headers of the upgrade request, where any were asked for. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** The credentials of this attempt. */
  readonly credentials?: unknown
}

/** Makes a socket for one attempt, not yet open. What it throws fails the attempt. */
export type CreateSocket = (url: string, protocols: readonly string[], context: SocketContext) => SocketLike

/** What a socket reports. After the scope's end nothing more comes. */
export interface SocketEvents {
  opened(): void
  message(data: unknown): void
  pong(payload: string): void
  ended(cause: Cause): void
}

/** Sends a ping of the protocol. */
export type Ping = (payload: string) => void

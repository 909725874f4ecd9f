import type { Release } from '@holdfast/lifetime'
import type { ConnectionRequest } from './connection-request.ts'
import type { CloseCause } from './counters.ts'

/** What became of a message: on its way; on its way, but more waits than `highWaterMarkBytes`; or not sent at all. */
export type SendResult = 'sent' | 'backed-up' | 'closed'

/** How a connection ended. */
export interface ConnectionClosed {
  readonly cause: CloseCause
  /** The close code seen: the client's, or 1005 for none, or 1006 when there was no close frame. */
  readonly code: number
  /** The client's reason: text from outside, at most 123 bytes. */
  readonly reason: string
  /** How long the connection lived, in milliseconds. */
  readonly durationMs: number
}

/** What a connection tells. */
export interface ConnectionEvents {
  /** A message: text as `string`, binary as `Uint8Array`. In the order they were sent. */
  message: string | Uint8Array
  /** What waited fell below half of `highWaterMarkBytes` after a send that was `backed-up`. */
  drained: undefined
  /** The end, once, after everything else. */
  closed: ConnectionClosed
}

/** One accepted WebSocket connection. */
export interface Connection {
  /** Names the connection in events and logs: unique in this server, not a secret. */
  readonly id: string
  readonly request: ConnectionRequest
  /** The subprotocol settled on; empty for none. */
  readonly protocol: string
  readonly state: 'open' | 'closing' | 'closed'
  /** Bytes handed to `send` that the operating system has not taken yet. */
  readonly bufferedBytes: number

  /**
   * Sends text (a string) or a binary message. Bytes are not copied: leave them unchanged until they are sent. Never throws
   * because of the connection's state: after `close` the answer is `'closed'` and nothing is sent.
   * @throws TypeError for anything but a string, an ArrayBuffer or a view of one
   */
  send(data: string | ArrayBuffer | ArrayBufferView): SendResult

  /**
   * Starts the close handshake; after `closeTimeoutMs` without an answer the connection is cut. A second call, and one
   * after the end, do nothing.
   * @param code default 1000; 1000 to 1003, 1007 to 1014 or 3000 to 4999
   * @param reason default empty; at most 123 bytes in UTF-8
   * @throws RangeError for another code or a longer reason
   */
  close(code?: number, reason?: string): void

  /**
   * Cuts the connection without a close handshake. After the end it does nothing.
   * @param cause what counters and `closed` say: default `handler`; `slow-consumer` for a client that takes too little
   */
  terminate(cause?: 'handler' | 'slow-consumer'): void

  /** Stops reading, so that the client is slowed down by TCP; what was read already may still arrive. */
  pause(): void

  /** Reads again. */
  resume(): void

  /** Registers a handler and returns its undo. Register in the handler before its first `await`, else messages are missed. */
  on<Type extends keyof ConnectionEvents>(
    type: Type,
    handler: (event: ConnectionEvents[Type]) => unknown,
  ): Release
}

/** Takes each accepted connection. What it throws or rejects with closes that connection with 1011. */
export type Handler = (connection: Connection) => unknown

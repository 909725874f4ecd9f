import type { Scope } from '@holdfast/lifetime'
import type { Admission } from './admission-queue.ts'
import type { Connection } from './connection.ts'
import type { CloseCause } from './counters.ts'
import type { Log } from './log.ts'
import type { SessionAlarm } from './server-events.ts'
import type { SessionStats } from './session-stats.ts'

// What a server and its resumable sessions know of each other. Only types: a server without sessions loads none of them.

/** A connection as its driver sees it. */
export interface DrivenConnection extends Pick<Connection, 'id' | 'request' | 'bufferedBytes' | 'send'> {
  /** Starts the close handshake and says why; a second call does nothing. */
  end(cause: CloseCause, code?: number, reason?: string): void
  /** Cuts the connection. */
  cut(cause: CloseCause): void
}

/** Takes what happens on a connection in the place of a handler. */
export interface ConnectionDriver {
  /** A message arrived; `bytes` is its size as UTF-8. */
  message(data: string | Uint8Array, bytes: number): void
  /** Some of what waited in the socket's buffer was written. */
  written(): void
  /** It is time to ask for a sign of life; returns whether that was done. */
  ping(): boolean
  /** Asks the client to come back on another connection; returns whether that was done. */
  leave(): boolean
  /** The connection is gone. */
  closed(): void
}

/** What holds for every connection of a server, as in its options. */
export interface ConnectionLimits {
  readonly maxPayloadBytes: number
  readonly maxBufferedBytes: number
  readonly highWaterMarkBytes: number
  readonly pingIntervalMs: number
  readonly idleTimeoutMs: number
  readonly retryAfterMs: number
}

/** What sessions get from the server they work for. */
export interface SessionHost {
  readonly options: ConnectionLimits
  /** Ends with the server. */
  readonly scope: Scope
  readonly log: Log
  readonly report: (error: unknown) => void
  /** Decides whether the next client can be taken in. */
  readonly admit: () => Admission
  readonly onAlarm: (alarm: SessionAlarm) => void
  /** A client has answered a ping. */
  readonly onPong: (rttMs: number) => void
}

/** Sessions at work. */
export interface OpenSessions {
  /** Largest WebSocket message that is read on a connection of theirs. */
  readonly maxPayloadBytes: number
  /** Takes a connection that has just opened. */
  accept(connection: DrivenConnection): ConnectionDriver
  /**
   * Asks every client to go, and sends away who is left after the time for it: some seconds after `spreadMs`, or, when there
   * is a deadline, in time for it.
   */
  leave(within: { readonly deadlineMs: number } | { readonly spreadMs: number }): void
  /** How long `end` may take once the time is over. */
  readonly handOverMs: number
  /** Ends what is left, or leaves it to others, and gives back what it held: at most `handOverMs` longer than `forced`. */
  end(forced: Promise<void>): void | Promise<void>
  /** Tells what happened so far. */
  stats(): SessionStats
}

/** Resumable sessions for the option `sessions` of `createServer`: made by `sessions()` of `@holdfast/server/sessions`. */
export interface SessionService {
  /** The subprotocol whose connections become sessions. */
  readonly protocol: string
  /**
   * Begins to work for a server: `createServer` calls it.
   * @throws TypeError when it works for one already; RangeError for options that do not fit those of the server
   */
  open(host: SessionHost): OpenSessions
}

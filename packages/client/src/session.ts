import type { ListenOptions, Release, Resources } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import type { Cause, Phase } from './cause.ts'
import type { ProbeResult } from './heartbeat.ts'
import type { Incoming, Message } from './message.ts'
import type { HandBack, HandedBack, SendOptions } from './queue.ts'
import type { State } from './state.ts'
import type { Credentials, Provided } from './target.ts'

/** How a session ended. */
export interface SessionEnd {
  readonly cause: Cause
  readonly handBack: HandBack
}

/** A move from one state to another. */
export interface StateChange {
  readonly state: State
  readonly previous: State
}

/** Where an error came from: a phase of an attempt, or a part of the session. */
export type ErrorPhase =
  | Phase
  | 'handler'
  | 'handler-stalled'
  | 'heartbeat'
  | 'message'
  | 'send'
  | 'classify'
  | 'too-large'

/** Something that needs a developer's eye. It never ends the session. */
export interface SessionError {
  readonly phase: ErrorPhase
  readonly error: unknown
}

/** What a session tells. Events come in order; after `closed` comes nothing. */
export interface SessionEvents {
  /** A message arrived. */
  readonly message: Incoming
  /** A message was handed to the connection, after it waited if it had to. Not told of one that resume mode sends again. */
  readonly sent: Message
  /** The state changed. */
  readonly state: StateChange
  /** Something went wrong that needs a look. Handler errors go to the platform's `reportError` when nobody listens. */
  readonly error: SessionError
  /** Resume mode: a new connection goes on with the session at the server, nothing is lost. Before its first message. */
  readonly resumed: Readonly<Record<string, never>>
  /** Resume mode: the session at the server could not go on. Before the first message of the new one. */
  readonly gap: Gap
  /** The session is over; always the last event. */
  readonly closed: SessionEnd
}

/** What a lost session at the server means for messages. */
export interface Gap {
  /** Why it could not go on; the words of PROTOCOL.md. */
  readonly reason: string
  /** The messages of this side that were not acknowledged. What the server had sent and we had not received is lost. */
  readonly handBack: HandBack
}

/** How to close. */
export interface CloseOptions {
  /** 1000 or 3000 to 4999, the codes that RFC 6455 leaves to applications. Default 1000. */
  readonly code?: number
  /** At most 123 bytes of UTF-8, as a close frame has no room for more. Default empty. */
  readonly reason?: string
  /** How long to go on sending what waits, in milliseconds. Default 0: not at all. */
  readonly drainMs?: number
}

/** How to reconnect. */
export interface ReconnectOptions {
  /** Draws the delay from [0, withinMs] milliseconds. Default 0: now. */
  readonly withinMs?: number
  /** Why, for the state and the next attempt. Default `{ kind: 'reconnect' }`. */
  readonly cause?: Cause
}

/**
 * A WebSocket session: one object that lives across many connections, owns the heartbeat, the reconnect state, the queue
 * and the listeners, and gives all of them back in one dispose path. Every method is legal in every state and inside every
 * handler.
 */
export interface Session extends AsyncIterable<Incoming> {
  /** Where the session is. The same object until it changes, so it can be a snapshot for a view. */
  readonly state: State
  /** Round-trip time of the last answered ping on this connection in milliseconds; `undefined` before the first. */
  readonly rttMs: number | undefined
  /** What is held now. All zero after the end, but for `closing` in browsers, for at most 60 s. */
  readonly resources: Resources
  /** Resolves with the cause and the hand-back when the session is over. Never rejects. */
  readonly closed: Promise<SessionEnd>
  /** What waits to be sent. */
  readonly queue: SessionQueue

  /**
   * Sends a message, now or when there is a connection, in order.
   * @returns a receipt; whatever the state of the connection, it says what became of the message
   * @throws TypeError or RangeError when the message or an option is nothing that can be sent or understood
   */
  send(message: Message, options?: SendOptions): Receipt

  /** Registers a handler and returns its undo. Survives reconnects. The same function twice is called once. */
  on<Type extends keyof SessionEvents>(
    type: Type,
    handler: (event: SessionEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /** As `on`, for the next event only. */
  once<Type extends keyof SessionEvents>(
    type: Type,
    handler: (event: SessionEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /**
   * Iterates over the messages that arrive from now on; several iterators each get every message. Leaving the loop ends the
   * iteration, not the session. One that leaves more than `maxUnread` unread ends with the error `iterator-overflow`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Incoming>

  /** Resolves when the session is open, at once if it is. Rejects with `closed` when it ends first. */
  opened(): Promise<void>

  /**
   * Resolves when it is sensible to send more: at once below `queue.highWaterBytes`, else when what waits has shrunk to
   * `queue.lowWaterBytes`; and not while `queue.maxMessages` wait. Rejects with `closed` when the session ends first, with `in-hook` inside `onConnected`.
   */
  ready(): Promise<void>

  /**
   * Resolves when every message sent so far is off the queue: written, or settled otherwise. Rejects with `closed` when the
   * session ends first, with `in-hook` inside `onConnected`. In plain mode this does not mean that they arrived.
   */
  flushed(): Promise<void>

  /**
   * Connects now, whatever the session was doing, and starts the count of attempts anew: leaves `idle`, cuts a wait short,
   * replaces a connection. Returns false when the session is closing or closed.
   * @throws TypeError or RangeError when `withinMs` is no number from 0 on
   */
  reconnect(options?: ReconnectOptions): boolean

  /**
   * Stops trying and lets the connection go; queue and listeners stay. `reconnect()` goes on. Returns false when it is
   * paused, closing or closed already. @param cause a label of your own, for the state
   */
  pause(cause?: string | Cause): boolean

  /** Asks the server for a sign of life, with the short limit `heartbeat.probeMs`. A dead connection is replaced at once. */
  probe(): Promise<ProbeResult>

  /** Replaces the credentials. Whatever was under way with the old ones is dropped and done anew. */
  setCredentials(credentials: Provided<Credentials>): void

  /**
   * Ends the session with a closing handshake, within `drainMs` + `closeTimeoutMs`; at once when it is not open. A second
   * call changes nothing and gives the same promise.
   * @throws RangeError or TypeError when code or reason could not be sent
   */
  close(options?: CloseOptions): Promise<SessionEnd>

  /** Ends the session now: synchronous, idempotent, total. */
  dispose(): void

  /** `using session = connect(…)`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
  /** `await using session = connect(…)`: as `close()`. Present where the platform has `Symbol.asyncDispose`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A view of the queue. */
export interface SessionQueue {
  /** How many messages wait. */
  readonly size: number
  /** How many bytes wait. */
  readonly bytes: number
  /** The messages that wait, oldest first. */
  entries(): readonly HandedBack[]
  /** Takes a message out; its receipt says `dropped`. Returns false when it does not wait here any more. */
  cancel(receipt: Receipt): boolean
  /** Takes all messages out; their receipts say `dropped`. */
  clear(): void
}

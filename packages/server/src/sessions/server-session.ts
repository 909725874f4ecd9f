import type { Release } from '@holdfast/lifetime'
import type { LossReason } from '@holdfast/protocol'
import type { SessionIncoming } from './readers.ts'
import type { SessionMessage, SessionReceipt } from './sent-message.ts'

/** Where a session is. The same object until it changes. */
export type SessionState =
  /** The client is here, on the connection with this `id`, since this moment (epoch ms). */
  | { readonly name: 'attached'; readonly connection: string; readonly since: number }
  /** The client is away since this moment (epoch ms). What is sent waits for it. */
  | { readonly name: 'detached'; readonly since: number }
  /** Ended here; the client's answer is waited for. */
  | { readonly name: 'closing' }
  /** Over. */
  | { readonly name: 'ended'; readonly cause: SessionEndCause }

/** Why a session ended. */
export type SessionEndCause =
  /** `close` or `endSessions` was called here. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  /** `dispose` was called here, or the session handler failed. */
  | { readonly kind: 'disposed' }
  /** The server stopped. With a store that servers share, the session waits there for its client. */
  | { readonly kind: 'stopped' }
  /** The client came back at another server that shares the store: there the session goes on, as another object. */
  | { readonly kind: 'moved' }
  /** The client ended it. */
  | { readonly kind: 'left' }
  /** It could not go on: not come back for `ttlMs` (`expired`), too much held, a violation of the protocol. */
  | { readonly kind: 'lost'; readonly reason: LossReason }

/** A message that is handed back, with the receipt that `send` gave for it. */
export interface SessionHandedBack {
  readonly message: string | Uint8Array
  readonly receipt: SessionReceipt
}

/** Messages that the session gives back at its end, each once. */
export interface SessionHandBack {
  /** Certainly not delivered. */
  readonly undelivered: readonly SessionHandedBack[]
  /** Sent, and nothing proves whether they arrived. */
  readonly uncertain: readonly SessionHandedBack[]
}

/** How a session ended. */
export interface SessionEnd {
  readonly cause: SessionEndCause
  readonly handBack: SessionHandBack
}

/** What a session tells. Events come in order; after `closed` comes nothing. */
export interface ServerSessionEvents {
  /** A message: each once, in the order the client sent them, however many connections that took. */
  message: SessionIncoming
  /** The state changed. */
  state: { readonly state: SessionState; readonly previous: SessionState }
  /** A handler failed, or handlers do not settle. Without a listener it goes to the server's `error`. */
  error: { readonly phase: 'handler' | 'handler-stalled'; readonly error: unknown }
  /** The session is over; always the last event. */
  closed: SessionEnd
}

/** How to close a session. */
export interface CloseSessionOptions {
  /** Tells the client why: 4000 to 4999. Default 4000. */
  readonly code?: number
  /** For the `cause` here; the client is not told. Default empty. */
  readonly reason?: string
}

/**
 * A client's session: one object across all its connections. Messages in both directions arrive once and in order for as long
 * as it lives. Every method is legal in every state and inside every handler.
 */
export interface ServerSession extends AsyncIterable<SessionIncoming> {
  /** Names the session in logs: no secret, always the same for one session. */
  readonly id: string
  /** Names the session for `post` of a store that servers share. As good as a secret: not for logs. */
  readonly address: string
  /** Who it belongs to, as `authenticate` said; `null` for nobody in particular. */
  readonly principal: string | null
  /** The application's own subprotocol, if one was agreed on. */
  readonly proto: string | undefined
  /** Where the session is: the same object until it changes. */
  readonly state: SessionState
  /** What waits until the client has handled it. */
  readonly held: { readonly messages: number; readonly bytes: number }
  /** `backed-up` while at least half of what may be held is: better wait for `ready()` before the next `send`. */
  readonly flow: 'flowing' | 'backed-up'
  /**
   * Number of the message handed over last, counting from 1: in a handler, before its first `await`, of the one it was given.
   * With `id` it names a message for good. Above 0 from the start when the session comes from another server.
   */
  readonly received: number
  /** Round-trip time of the last answered ping in milliseconds; `undefined` before the first. */
  readonly rttMs: number | undefined
  /** Resolves with the cause and the hand-back when the session is over. Never rejects. */
  readonly closed: Promise<SessionEnd>

  /**
   * Sends a message, now or when the client is back, in order. Never throws because of a state: the receipt says what became
   * of it, `rejected` with an error when it is too large for the client, too much is held, or the session has ended.
   * @throws TypeError for anything but a string, an ArrayBuffer or a view of one
   */
  send(message: SessionMessage): SessionReceipt

  /** Registers a handler and returns its undo. Register in the session handler before its first `await`, else messages are missed. */
  on<Type extends keyof ServerSessionEvents>(
    type: Type,
    handler: (event: ServerSessionEvents[Type]) => unknown,
  ): Release

  /** As `on`, for the next event only. */
  once<Type extends keyof ServerSessionEvents>(
    type: Type,
    handler: (event: ServerSessionEvents[Type]) => unknown,
  ): Release

  /**
   * Iterates over the messages that arrive from now on; several loops each get every message. Leaving the loop ends the
   * iteration, not the session. With `ack: 'received'` a loop that leaves more than `maxUnread` unread ends with the error
   * `iterator-overflow`; with `'handled'` the client stops sending instead.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<SessionIncoming>

  /** Resolves when `flow` is `flowing`, at once if it is. Rejects with `session-ended` when the session ends first. */
  ready(): Promise<void>

  /** Resolves when the client has handled all that was sent so far. Rejects with `session-ended` when the session ends first. */
  flushed(): Promise<void>

  /**
   * Ends the session for good: what the client sends from now on is not delivered, and what it did not take yet is handed
   * back. A second call changes nothing and gives the same promise.
   * @throws RangeError for a code that is not 4000 to 4999
   */
  close(options?: CloseSessionOptions): Promise<SessionEnd>

  /** Ends the session now, without waiting for the client's counts: synchronous, idempotent, total. */
  dispose(): void

  /** `using session = …`: as `dispose()`. */
  [Symbol.dispose](): void
  /** `await using session = …`: as `close()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Takes each new session, once. What it throws or rejects with is reported, and ends that session. */
export type SessionHandler = (session: ServerSession) => unknown

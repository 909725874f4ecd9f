import type { Clock, ListenOptions, Release } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import type { SendOptions } from '../queue.ts'
import type { Session } from '../session.ts'
import type { CodecPhase } from './codec-error.ts'

/** A value or a message that failed. It harms nothing else. */
export interface CodedError {
  /** Which step it was; `handler`: a handler of this view threw. */
  readonly phase: CodecPhase | 'handler'
  /** A `CodecError`, but for handlers: there it is what they threw. */
  readonly error: unknown
  /** What failed: the value to send, the message that arrived, or the value in it. `undefined` for handlers. */
  readonly input: unknown
}

/** What a view tells. For states and the end listen to its session. */
export interface CodedEvents<In> {
  /** A value arrived. */
  readonly message: In
  /** A value or message failed. Handler errors go to the platform's `reportError` when nobody listens; others are silent then. */
  readonly error: CodedError
}

/** Bounds of a view. */
export interface CodedOptions {
  /** How many values an iterator may leave unread before it ends with `iterator-overflow`. Default 10,000. At least 1. */
  readonly maxUnread?: number | undefined
  /** How many values may wait to be encoded, and messages to be decoded, with a codec that takes its time. Default 10,000. */
  readonly maxPending?: number | undefined
  /** How many bytes may wait to be decoded, text counted by its characters. Default 16,777,216. */
  readonly maxPendingBytes?: number | undefined
  /** For `lingerMs` of `batched`. Default: the machine's time. */
  readonly clock?: Clock | undefined
}

/** The bounds as they are used: nothing left out. */
export type CodedSettings = {
  readonly [Name in keyof CodedOptions]-?: NonNullable<CodedOptions[Name]>
}

/** A session seen through a codec: values instead of messages. A view; it neither owns nor ends the session. */
export interface CodedSession<Out, In = Out> extends AsyncIterable<In> {
  /** The session itself, for everything else: its state, its end, its queue. */
  readonly session: Session

  /**
   * Sends a value, as `session.send` does its message. A value that cannot be encoded has a receipt that is `rejected`, with a
   * `CodecError`. With `batched`, values share messages and so their fates; one with options has a message of its own.
   * @throws TypeError or RangeError when an option is nothing that can be understood
   */
  send(value: Out, options?: SendOptions): Receipt

  /** Registers a handler and returns its undo. Survives reconnects. The same function twice is called once. */
  on<Type extends keyof CodedEvents<In>>(
    type: Type,
    handler: (event: CodedEvents<In>[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /** As `on`, for the next event only. */
  once<Type extends keyof CodedEvents<In>>(
    type: Type,
    handler: (event: CodedEvents<In>[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /** Iterates over the values that arrive from now on; several iterators each get every value. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>

  /** Sends what waits for company, then is `session.flushed()`. Before `session.close()`, where values linger. */
  flushed(): Promise<void>

  /** Takes a value back that is on no wire. Returns false when it is, or shares a message with others. */
  cancel(receipt: Receipt): boolean

  /** Ends the view: handlers and loops end, values that are not with the session yet are `undelivered`. Idempotent. */
  dispose(): void
  /** `using view = coded(…)`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
}

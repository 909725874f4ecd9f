import type { Incoming, Message } from '../message.ts'

/** A value that is there, or comes. */
export type MaybePromise<T> = T | Promise<T>

/**
 * How values become messages, and messages values. Either function may give a promise; the order stays all the same. What
 * they throw harms that one value or message. Any object with the two will do: all the rest is added by functions.
 */
export interface Codec<Out, In = Out> {
  /** Makes the message for a value. */
  encode(value: Out): MaybePromise<Message>
  /** Reads the value in a message. */
  decode(message: Incoming): MaybePromise<In>
  /** Makes one message for several values. Needed by `batched`. */
  encodeAll?(values: readonly Out[]): MaybePromise<Message>
  /** Reads the values in a message, one or several. Needed by `batched`. */
  decodeAll?(message: Incoming): MaybePromise<readonly In[]>
  /** What each value goes through. Set by `validated`. */
  readonly check?: Check | undefined
  /** Puts several values into one message. Set by `batched`. */
  readonly batch?: BatchLimits | undefined
}

/** A codec that can put several values into one message. */
export type ListCodec<Out, In = Out> = Codec<Out, In> &
  Required<Pick<Codec<Out, In>, 'encodeAll' | 'decodeAll'>>

/** What one value goes through: it may change there, and whatever is wrong with it is thrown. */
export interface Check {
  /** Before it is encoded. */
  readonly outgoing: (value: unknown) => unknown
  /** After it was decoded. */
  readonly incoming: (value: unknown) => unknown
}

/** When values that wait for company are sent. */
export interface BatchLimits {
  /** How long the first of them waits, in milliseconds. Default 5; 0: until the end of the turn. */
  readonly lingerMs: number
  /** How many values one message may have. Default 100. */
  readonly maxMessages: number
  /** How many bytes one message may have; one that is larger is halved until it fits, or is a single value. Default 65,536. */
  readonly maxBytes: number
}

/** Gives a codec like another with parts of it changed; methods stay bound to the object that they came from. */
export function layered<Out, In>(codec: Codec<Out, In>, changes: Partial<Codec<Out, In>>): Codec<Out, In> {
  const { check, batch } = codec
  const parts = {
    encode: (value: Out) => codec.encode(value),
    decode: (message: Incoming) => codec.decode(message),
    check,
    batch,
    ...changes,
  }
  if (!codec.encodeAll || !codec.decodeAll) return parts
  return {
    encodeAll: (values) => (codec as ListCodec<Out, In>).encodeAll(values),
    decodeAll: (message) => (codec as ListCodec<Out, In>).decodeAll(message),
    ...parts,
  }
}

/** Goes on with a value at once when it is there, else when it comes. */
export function andThen<A, B>(value: MaybePromise<A>, use: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return isPromise(value) ? value.then(use) : use(value)
}

/** Tells whether a value is a promise, of this realm or another. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

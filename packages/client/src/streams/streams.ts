import { assertOneOf, fill } from '../bounds.ts'
import type { Incoming, Message } from '../message.ts'
import type { Session } from '../session.ts'
import { type OnGap, readableOf } from './readable.ts'
import { writableOf } from './writable.ts'

declare global {
  // The client compiles without DOM and Node types. Where they are present this adds nothing to them; elsewhere it is a name.
  // oxlint-disable-next-line typescript/no-explicit-any, eslint/no-unused-vars -- declarations of one type have the same parameters
  interface ReadableStream<R = any> {}
  // oxlint-disable-next-line typescript/no-explicit-any, eslint/no-unused-vars -- declarations of one type have the same parameters
  interface WritableStream<W = any> {}
}

/** How a session is seen as streams. */
export interface StreamsOptions {
  /**
   * What the readable does where messages of the server may be missing: after a reconnect in plain mode, after a `gap` in
   * resume mode. Default `'continue'`; `'error'`: it ends with `connection-lost`, and what was not read by then is let go.
   */
  readonly onGap?: OnGap | undefined
}

/** A session as a pair of Web Streams. */
export interface SessionStreams {
  /** Messages that arrive, from the first time that this is looked at. Not opened, and holding nothing, before. */
  readonly readable: ReadableStream<Incoming>
  /** Messages to send. */
  readonly writable: WritableStream<Message>
}

/**
 * Gives a session as Web Streams with backpressure: writing waits while the session has enough to send, reading takes one
 * message at a time. Both are views: to close, cancel or abort one does not end the session. A second call gives other
 * streams; each readable gets every message.
 * @throws TypeError or RangeError naming the option, the bound and the value; TypeError where the platform has no streams
 * @example
 * const { readable, writable } = streams(session)
 * await file.pipeThrough(lines).pipeTo(writable)
 */
export function streams(session: Session, options: StreamsOptions = {}): SessionStreams {
  const preset: Required<StreamsOptions> = { onGap: 'continue' }
  const { onGap = 'continue' } = fill('streams', options, preset)
  assertOneOf('streams.onGap', onGap, ['continue', 'error'])
  let readable: ReadableStream<Incoming> | undefined
  let writable: WritableStream<Message> | undefined
  return {
    // An iterator that nobody reads would fill up, and with `ack: 'handled'` stop the server.
    get readable() {
      readable ??= readableOf(session, onGap)
      return readable
    },
    get writable() {
      writable ??= writableOf(session)
      return writable
    },
  }
}

import type { Batching } from '@holdfast/protocol'
import { assertNumber, assertOneOf, fill } from '../bounds.ts'

/** How a session is resumed. Everything is optional. */
export interface ResumeOptions {
  /** The application's own subprotocols, in order of preference; the server's choice is in the state. Default: none. */
  readonly protocols: readonly string[]
  /** Largest message the server may send, in bytes. Default 1,048,576. */
  readonly maxMessageBytes: number
  /** Messages the server may send before one is acknowledged. Default 1,024. */
  readonly windowMessages: number
  /** Bytes the server may send before some are acknowledged; at least `maxMessageBytes`. Default 4,194,304. */
  readonly windowBytes: number
  /** Messages sent and not yet acknowledged that are kept here. Default 4,096; the rest waits in the queue. */
  readonly maxUnackedMessages: number
  /** The same in bytes. Default 8,388,608. */
  readonly maxUnackedBytes: number
  /**
   * When a message of the server is acknowledged. `'received'`: when it arrives. `'handled'`: when every handler has settled and
   * every loop has asked for the next one, so that a slow application slows the server, and what a lost process had not handled
   * is sent again. A handler must not wait for an answer of its own session. Default `'received'`.
   */
  readonly ack: 'received' | 'handled'
  /** With `ack: 'handled'`: handlers that hold the whole window for this long are an `error` event. Default 10,000; `Infinity`: never. */
  readonly stallMs: number
  /**
   * Puts small text messages into common frames, for a server that understands it: `batch()`. Each still counts, and arrives, by
   * itself. Default: a frame for each.
   */
  readonly batch?: Batching | undefined
  /** Sends messages that a lost session certainly did not deliver in the next one. Default `false`: hands them back. */
  readonly carryOver: boolean
}

/** What applies when an option is left out. */
export const resumeDefaults: ResumeOptions = {
  protocols: [],
  maxMessageBytes: 1_048_576,
  windowMessages: 1_024,
  windowBytes: 4_194_304,
  maxUnackedMessages: 4_096,
  maxUnackedBytes: 8_388_608,
  ack: 'received',
  stallMs: 10_000,
  batch: undefined,
  carryOver: false,
}

/**
 * Checks options and fills in the defaults.
 * @throws TypeError or RangeError naming the option, the bound and the value
 */
export function resolveResumeOptions(raw: Partial<ResumeOptions>): ResumeOptions {
  const options = fill<ResumeOptions>('resume', raw, resumeDefaults)
  assertNumber('resume.windowBytes', options.windowBytes, options.maxMessageBytes)
  assertOneOf('resume.ack', options.ack, ['received', 'handled'])
  return options
}

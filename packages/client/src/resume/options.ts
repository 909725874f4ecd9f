import { clientDefaults } from '@holdfast/protocol'
import { assertNumber, fill } from '../bounds.ts'

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
  /** Sends messages that a lost session certainly did not deliver in the next one. Default `false`: hands them back. */
  readonly carryOver: boolean
}

const { limits, bounds } = clientDefaults

/** What applies when an option is left out. */
export const resumeDefaults: ResumeOptions = {
  protocols: [],
  maxMessageBytes: limits?.maxBytes ?? 0,
  windowMessages: limits?.windowMessages ?? 0,
  windowBytes: limits?.windowBytes ?? 0,
  maxUnackedMessages: bounds.maxMessages,
  maxUnackedBytes: bounds.maxBytes,
  carryOver: false,
}

/**
 * Checks options and fills in the defaults.
 * @throws TypeError or RangeError naming the option, the bound and the value
 */
export function resolveResumeOptions(raw: Partial<ResumeOptions>): ResumeOptions {
  const options = fill<ResumeOptions>('resume', raw, resumeDefaults)
  assertNumber('resume.windowBytes', options.windowBytes, options.maxMessageBytes)
  return options
}

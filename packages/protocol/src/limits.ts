import type { WireLimits } from './frame.ts'

/** What one end accepts from the other; a message counts with its UTF-8 payload bytes, before escaping. */
export interface Limits {
  /** Largest message, in bytes; at least 1. */
  readonly maxBytes: number
  /** Most messages that may be sent and not yet acknowledged; at least 1. */
  readonly windowMessages: number
  /** Most bytes that may be sent and not yet acknowledged; at least `maxBytes`, so that every message fits alone. */
  readonly windowBytes: number
}

/** Limits that suit small, frequent messages: 1 MiB a message, 1,024 messages and 4 MiB under way. */
export const defaultLimits: Limits = { maxBytes: 1_048_576, windowMessages: 1_024, windowBytes: 4_194_304 }

/** Reads the limits of a HELLO or WELCOME. */
export function limitsOf({ max, win }: WireLimits): Limits {
  const [windowMessages = 1, windowBytes = max] = win
  return { maxBytes: max, windowMessages, windowBytes }
}

/** Writes limits as HELLO and WELCOME carry them. */
export function wireLimits({ maxBytes, windowMessages, windowBytes }: Limits): WireLimits {
  return { max: maxBytes, win: [windowMessages, windowBytes] }
}

/**
 * Checks limits given by a program.
 * @throws `RangeError` naming the field, its bound and the value when one is out of range.
 */
export function checkLimits(limits: Limits): Limits {
  const { maxBytes, windowMessages, windowBytes } = limits
  for (const [name, value, min] of [
    ['maxBytes', maxBytes, 1],
    ['windowMessages', windowMessages, 1],
    ['windowBytes', windowBytes, maxBytes],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < min) {
      throw new RangeError(`${name}: a whole number of at least ${min} is needed, received ${value}`)
    }
  }
  return limits
}

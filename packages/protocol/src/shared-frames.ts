import type { Bye, ErrorFrame, LastCounts, WireLimits } from './frame.ts'
import { type Check, type Shape, attempt, flag, list, natural, optional, phrase, word } from './shape.ts'

const closeCode = natural(1_000, 4_999)

/** Members that tell how far an ended session had come. */
export const lastMembers: Readonly<Record<string, Check>> = {
  lack: optional(natural()),
  lrx: optional(natural()),
}

/** Members that tell what an end accepts. */
export const limitMembers: Readonly<Record<string, Check>> = { max: natural(1), win: list(natural(1)) }

/** Finds counts of which only one is there, or that cannot be. */
export function lastClash({ lack, lrx }: Partial<LastCounts>): 'lack' | false {
  if (lack === undefined && lrx === undefined) return false
  // A comparison with undefined is false as well.
  return !(Number(lack) <= Number(lrx)) && 'lack'
}

/** Finds a window that is no pair, or smaller than the largest message. */
export function limitClash({ max, win }: WireLimits): 'win' | false {
  return (win.length !== 2 || Number(win[1]) < max) && 'win'
}

/** Finds more handled than accepted. */
export function countClash({ ack, rx }: { readonly ack: number; readonly rx: number }): 'ack' | false {
  return ack > rx && 'ack'
}

export const byeShape: Shape<Bye> = {
  kind: 'bye',
  members: { code: closeCode, ack: natural(), rx: natural() },
  clash: countClash,
}

export const errorShape: Shape<ErrorFrame> = {
  kind: 'error',
  members: {
    code: closeCode,
    retry: optional(natural()),
    msg: optional(phrase),
    end: optional(flag),
    lost: optional(word),
    ...lastMembers,
    n: optional(natural()),
    att: optional(attempt(0)),
  },
  clash: lastClash,
}

import type { Bye, ErrorFrame, GoAway } from './frame.ts'
import { maxAttempt } from './hello.ts'
import { readLastCounts } from './last-counts.ts'
import { toLossReason } from './loss-reason.ts'
import type { Members } from './members.ts'

const closeCodes = { min: 1_000, max: 4_999 }
const hourMs = 3_600_000
const maxTextLength = 256

/** Reads the members of a GOAWAY. */
export function readGoAway(members: Members): GoAway {
  const why = members.optionalText('why', maxTextLength)
  return {
    kind: 'goaway',
    afterMs: members.natural('after', { max: hourMs }),
    spreadMs: members.natural('spread', { max: hourMs }),
    ...(why === undefined ? {} : { why }),
  }
}

/** Returns the JSON members of a GOAWAY. */
export function writeGoAway(goAway: GoAway): object {
  return { after: goAway.afterMs, spread: goAway.spreadMs, why: goAway.why }
}

/** Reads the members of a BYE. */
export function readBye(members: Members): Bye {
  const rx = members.natural('rx')
  return {
    kind: 'bye',
    code: members.natural('code', closeCodes),
    ack: members.natural('ack', { max: rx }),
    rx,
  }
}

/** Returns the JSON members of a BYE. */
export function writeBye(bye: Bye): object {
  return { code: bye.code, ack: bye.ack, rx: bye.rx }
}

/** Reads the members of an ERROR. */
export function readError(members: Members): ErrorFrame {
  const end = members.optionalFlag('end')
  const retryMs = members.optionalNatural('retry')
  const message = members.optionalText('msg', maxTextLength)
  const lost = members.optionalText('lost', 64)
  const number = members.optionalNatural('n')
  const attempt = members.optionalNatural('att', { max: maxAttempt })
  return {
    kind: 'error',
    code: members.natural('code', closeCodes),
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(message === undefined ? {} : { message }),
    ...(end === undefined ? {} : { end }),
    ...(lost === undefined ? {} : { lost: toLossReason(lost) }),
    ...readLastCounts(members),
    ...(number === undefined ? {} : { number }),
    ...(attempt === undefined ? {} : { attempt }),
  }
}

/** Returns the JSON members of an ERROR. */
export function writeError(error: ErrorFrame): object {
  return {
    code: error.code,
    retry: error.retryMs,
    msg: error.message,
    end: error.end,
    lost: error.lost,
    lack: error.last?.lack,
    lrx: error.last?.lrx,
    n: error.number,
    att: error.attempt,
  }
}

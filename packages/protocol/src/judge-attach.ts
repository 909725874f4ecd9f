import { limitsOf } from './limits.ts'
import { misfitOf } from './outbox.ts'
import type { Outgoing } from './outgoing.ts'
import type { AttachRequest, SessionRecord } from './session-store.ts'

/** What a HELLO that names an existing session comes to. */
export type Verdict = 'resume' | 'principal' | 'stale' | 'token' | 'diverged' | 'too-large'

/**
 * Decides about a HELLO that names an existing session. The order is part of the protocol: a late HELLO of an abandoned
 * attempt carries a token that has been replaced since, and must be called stale, not a thief.
 */
export function judgeAttach(record: SessionRecord<Outgoing>, request: AttachRequest): Verdict {
  const { hello, principal, presentedHash } = request
  if (record.principal !== principal) return 'principal'
  if (hello.att <= record.attempt) return 'stale'
  if (presentedHash === null || !holdsToken(record, presentedHash)) return 'token'
  return misfitOf(record.outbox, hello, limitsOf(hello)) ?? 'resume'
}

/** Tells whether a hash is that of the current token, or of the one it replaced while that is not confirmed. */
export function holdsToken(
  record: Pick<SessionRecord<unknown>, 'tokenHash' | 'previousHash'>,
  presentedHash: string,
): boolean {
  const current = sameHash(record.tokenHash, presentedHash)
  const previous = record.previousHash !== null && sameHash(record.previousHash, presentedHash)
  return current || previous
}

/** Compares in a time that does not depend on where two hashes of one length differ. */
function sameHash(left: string, right: string): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at)
  return difference === 0
}

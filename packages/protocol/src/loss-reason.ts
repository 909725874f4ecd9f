/** Why a session could not go on, as it stands on the wire: first the reasons after which no count may be believed. */
const reasons = [
  'unknown',
  'principal',
  'token',
  'diverged',
  'protocol',
  'desync',
  'badack',
  'expired',
  'too-large',
  'ended',
  'overflow',
] as const

/** Says why a session could not go on. */
export type LossReason = (typeof reasons)[number]

/** Tells whether the counts of a session lost for this reason may still be believed. */
export function keepsCounts(reason: LossReason): boolean {
  return reasons.indexOf(reason) >= reasons.indexOf('expired')
}

/** Reads a reason; a word of a later version becomes `unknown`, which promises nothing. */
export function toLossReason(word: string | undefined): LossReason {
  return reasons.find((reason) => reason === word) ?? 'unknown'
}

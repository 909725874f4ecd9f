/** Every word that says why a session could not go on, as it stands on the wire. */
export const lossReasons = [
  'unknown',
  'expired',
  'principal',
  'token',
  'diverged',
  'too-large',
  'ended',
  'overflow',
  'protocol',
  'desync',
  'badack',
] as const

/** Says why a session could not go on. */
export type LossReason = (typeof lossReasons)[number]

const countless: ReadonlySet<LossReason> = new Set([
  'unknown',
  'principal',
  'token',
  'diverged',
  'protocol',
  'desync',
  'badack',
])

/** Tells whether the counts of a session lost for this reason may still be believed. */
export function keepsCounts(reason: LossReason): boolean {
  return !countless.has(reason)
}

/** Reads a reason; a word from a later version becomes `unknown`, which promises nothing. */
export function toLossReason(word: string | undefined): LossReason {
  return lossReasons.find((reason) => reason === word) ?? 'unknown'
}

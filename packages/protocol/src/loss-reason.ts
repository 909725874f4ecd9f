const countless = ['unknown', 'principal', 'token', 'diverged', 'protocol', 'desync', 'badack'] as const
const counted = ['expired', 'too-large', 'ended', 'overflow'] as const

/** Says why a session could not go on, as it stands on the wire. */
export type LossReason = (typeof countless)[number] | (typeof counted)[number]

/** Tells whether the counts of a session lost for this reason may still be believed. */
export function keepsCounts(reason: LossReason): boolean {
  return counted.some((word) => word === reason)
}

/** Reads a reason; a word of a later version becomes `unknown`, which promises nothing. */
export function toLossReason(word: string | undefined): LossReason {
  return [...countless, ...counted].find((reason) => reason === word) ?? 'unknown'
}

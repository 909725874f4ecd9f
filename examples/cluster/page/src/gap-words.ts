import type { OwnLine } from './own-line.ts'

const reasons: Readonly<Record<string, string>> = {
  unknown: 'they do not know it any more',
  expired: 'you were away for too long',
  overflow: 'too much waited for you',
}

/** Says what it means that the servers lost the session, for the lines that were under way. */
export function gapWords(reason: string, underWay: readonly OwnLine[]): string {
  const uncertain = underWay.filter(({ fate }) => fate === 'uncertain').length
  const why = `Gap: the servers lost your session, ${reasons[reason] ?? reason}.`
  const yours =
    uncertain === 0
      ? 'No line of yours is in doubt.'
      : `${uncertain} of your lines may or may not have been heard; the room will tell.`
  return `${why} ${yours} What the others said is read from the room again, so nothing of it is missing.`
}

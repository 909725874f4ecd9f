import type { SessionEvents } from 'holdfast'
import { count } from './time-words.ts'

/** What the reasons of the protocol mean; one of a later version is shown as it is. */
const reasons: Readonly<Record<string, string>> = {
  unknown: 'it does not know it any more',
  expired: 'it was away for too long',
  ended: 'it was ended there',
  overflow: 'too much waited for it',
  'too-large': 'a message was too large',
  principal: 'it belongs to somebody else',
  token: 'its token did not fit',
}

/** Says what a lost session at the server means for the messages of this side. */
export function gapWords({ reason, handBack: { undelivered, uncertain } }: SessionEvents['gap']): string {
  const why = `The server lost the session: ${reasons[reason] ?? reason}.`
  if (undelivered.length + uncertain.length === 0) return `${why} Every message of yours had arrived.`
  return `${why} ${count(undelivered.length, 'message')} did not arrive and came back to you, ${uncertain.length} may have arrived.`
}

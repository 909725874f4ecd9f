import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'

/** Makes the error of a stream whose session is over; its cause says why. */
export function sessionEnded({ state }: Session): HoldfastError {
  const cause = state.name === 'closed' ? state.cause : undefined
  return new HoldfastError('closed', `stream: the session ended, ${cause?.kind ?? 'unknown'}`, { cause })
}

/** Tells whether a session that is over was brought to its end, by `close()` or by the server with the code 1000. */
export function endedWell({ state }: Session): boolean {
  if (state.name !== 'closed') return false
  const { cause } = state
  return cause.kind === 'closed' || (cause.kind === 'server-close' && cause.code === 1000)
}

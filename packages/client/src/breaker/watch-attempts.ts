import type { Emitter, Scope } from '@holdfast/lifetime'
import type { Cause } from '../cause.ts'
import type { SessionEvents, StateChange } from '../session.ts'

/** Is told of the attempts of one session. */
export interface AttemptListener {
  /** An attempt that was let in dials now. */
  dialling(): void
  /** It led to a connection. */
  opened(): void
  /** The attempt, or the connection it led to, is over. `undefined`: the session closes it. */
  ended(cause: Cause | undefined): void
}

/** Tells of the attempts of one session, until the scope ends. */
export function watchAttempts(events: Emitter<SessionEvents>, scope: Scope, listener: AttemptListener): void {
  const look = ({ state }: StateChange) => {
    if (state.name === 'connecting') {
      if (state.phase === 'dial') listener.dialling()
    } else if (state.name === 'open') listener.opened()
    else listener.ended(state.name === 'closing' ? undefined : state.cause)
  }
  scope.defer(events.on('state', look))
}

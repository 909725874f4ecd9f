import type { ServerSession } from '@holdfast/protocol'
import type { SessionStats } from '../session-stats.ts'
import { logNameOf } from './session-ids.ts'
import type { SentMessage } from './sent-message.ts'

/** One session, as seen from outside. */
export interface SessionOverview {
  /** Names it in logs; no secret. */
  readonly id: string
  readonly principal: string | null
  /**
   * `unconfirmed`: made, and its client has not shown that it knows; `attached`; `detached`: its client is away; `closing`:
   * the client's last word is waited for; `ended`: over, and about to be forgotten.
   */
  readonly state: 'unconfirmed' | 'attached' | 'detached' | 'closing' | 'ended'
  /** The `id` of the connection it is bound to. */
  readonly connection: string | undefined
}

/** Tells where a session stands. `nameOf` gives the `id` of a connection. */
export function overviewOf(
  { sid, principal, state, connection }: ServerSession<SentMessage>,
  nameOf: (connection: number) => string | undefined,
): SessionOverview {
  return {
    id: logNameOf(sid),
    principal,
    state: state === 'leaving' ? 'closing' : state,
    connection: connection === undefined ? undefined : nameOf(connection),
  }
}

/** Counts how many sessions stand where. */
export function countStates(sessions: Iterable<ServerSession<SentMessage>>): SessionStats['states'] {
  const states = { unconfirmed: 0, attached: 0, detached: 0, closing: 0 }
  for (const { state } of sessions)
    if (state !== 'ended') states[state === 'leaving' ? 'closing' : state] += 1
  return states
}

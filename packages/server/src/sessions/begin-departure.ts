import type { Scope } from '@holdfast/lifetime'
import type { ServerCore } from '@holdfast/protocol'
import { leaveTimes } from './leave-times.ts'
import type { SentMessage } from './sent-message.ts'
import type { SessionLink } from './session-link.ts'
import { spreadSlice } from './spread-slice.ts'

/** What is needed to send clients elsewhere. */
export interface DepartureParts {
  readonly core: ServerCore<SentMessage>
  readonly links: ReadonlyMap<number, SessionLink>
  readonly scope: Scope
  readonly retryMs: number
  readonly leaveSpreadMs: number
  /** Carries out what the core asks for. */
  readonly run: () => void
}

const DRAINING = 4503

/** Asks every client to go, sends away who is left after the time for it, and cuts who does not answer that. */
export function beginDeparture(
  within: { readonly deadlineMs: number } | { readonly spreadMs: number },
  { core, links, scope, retryMs, leaveSpreadMs, run }: DepartureParts,
): void {
  const { spreadMs, sendAwayMs, cutMs } = leaveTimes(within, leaveSpreadMs)
  const sendAway = (connection: number) => {
    core.reject(connection, { code: DRAINING, retryMs, message: 'the server is stopping' })
    run()
  }
  const here = [...core.sessions()].filter(({ connection }) => connection !== undefined)
  for (const [index, session] of here.entries())
    session.goAway({ ...spreadSlice(index, here.length, spreadMs), why: 'stopping' })
  run()
  for (const number of links.keys()) if (!core.sessionOf(number)) sendAway(number)
  scope.timeout(sendAwayMs, () => {
    for (const number of links.keys()) sendAway(number)
  })
  scope.timeout(cutMs, () => {
    for (const { connection } of links.values()) connection.cut('stop-forced')
  })
}

import { platform, type Release, Scope, systemClock } from '@holdfast/lifetime'
import type { Cause } from '../cause.ts'
import type { HandBack } from '../queue.ts'
import type { Session, SessionEnd } from '../session.ts'
import type { State } from '../state.ts'
import { messageBytes } from '../stats/message-bytes.ts'

/** What is published, by the name of the channel; every message also has `session` and `label`. No payloads. */
export interface DiagnosticsEvents {
  /** Every change of state. */
  readonly 'holdfast:state': { readonly state: State; readonly previous: State }
  /** A message arrived. */
  readonly 'holdfast:message': { readonly bytes: number }
  /** A message was handed to the connection. */
  readonly 'holdfast:sent': { readonly bytes: number }
  /** Resume mode: the session at the server went on. */
  readonly 'holdfast:resumed': Readonly<Record<string, never>>
  /** Resume mode: the session at the server could not go on; how many messages were handed back. */
  readonly 'holdfast:gap': {
    readonly reason: string
    readonly undelivered: number
    readonly uncertain: number
  }
  /** The session is over. */
  readonly 'holdfast:closed': {
    readonly cause: Cause
    readonly undelivered: number
    readonly uncertain: number
  }
}

/** A message on a channel. */
export type DiagnosticsMessage<Name extends keyof DiagnosticsEvents> = DiagnosticsEvents[Name] & {
  readonly session: Session
  readonly label: string
}

interface Channel {
  readonly hasSubscribers: boolean
  publish(message: object): void
}

interface NodePlatform {
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => { channel(name: string): Channel } | undefined
  }
}

/**
 * Publishes what a session does on channels of Node's `diagnostics_channel`, until the session ends or the returned function
 * is called. A channel without subscribers costs next to nothing. Does nothing where the module cannot be had: in browsers,
 * and in Node before 20.16. Errors are not published: who listens for them takes them away from `reportError`. A second call for the same session publishes everything twice.
 * @param label tells sessions apart for the subscribers. Default empty
 */
export function publishDiagnostics(session: Session, label = ''): Release {
  const found = (platform as unknown as NodePlatform).process?.getBuiltinModule?.('node:diagnostics_channel')
  if (!found) return () => {}
  const scope = new Scope(systemClock)
  const bytesOf = messageBytes()
  const via = <Name extends keyof DiagnosticsEvents, Event>(
    name: Name,
    toMessage: (event: Event) => DiagnosticsEvents[Name],
  ) => {
    const channel = found.channel(name)
    return (event: Event) => {
      if (channel.hasSubscribers) channel.publish({ session, label, ...toMessage(event) })
    }
  }
  const { on } = session
  scope.defer(
    on(
      'state',
      via('holdfast:state', ({ state, previous }) => ({ state, previous })),
    ),
  )
  scope.defer(
    on(
      'message',
      via('holdfast:message', (message) => ({ bytes: bytesOf(message) })),
    ),
  )
  scope.defer(
    on(
      'sent',
      via('holdfast:sent', (message) => ({ bytes: bytesOf(message) })),
    ),
  )
  scope.defer(
    on(
      'resumed',
      via('holdfast:resumed', () => ({})),
    ),
  )
  scope.defer(
    on(
      'gap',
      via('holdfast:gap', ({ reason, handBack }) => ({ reason, ...countsOf(handBack) })),
    ),
  )
  const closed = via('holdfast:closed', ({ cause, handBack }: SessionEnd) => ({
    cause,
    ...countsOf(handBack),
  }))
  scope.defer(
    on('closed', (end) => {
      closed(end)
      scope.end()
    }),
  )
  if (session.state.name === 'closed') scope.end()
  return () => scope.end()
}

function countsOf({ undelivered, uncertain }: HandBack): { undelivered: number; uncertain: number } {
  return { undelivered: undelivered.length, uncertain: uncertain.length }
}

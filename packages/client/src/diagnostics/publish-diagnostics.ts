import { platform, type Release, Scope, systemClock } from '@holdfast/lifetime'
import type { Cause } from '../cause.ts'
import type { HandBack } from '../queue.ts'
import type { Session, SessionEvents } from '../session.ts'
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
  for (const [type, toMessage] of Object.entries(messages())) {
    const channel = found.channel(`holdfast:${type}`)
    const publish = (event: never) => {
      if (channel.hasSubscribers) channel.publish({ session, label, ...toMessage(event) })
    }
    scope.defer(session.on(type as keyof SessionEvents, publish as (event: unknown) => void))
  }
  scope.defer(session.on('closed', () => scope.end()))
  if (session.state.name === 'closed') scope.end()
  return () => scope.end()
}

/** What is published, by the event it is made of. */
type Messages = {
  readonly [Type in keyof SessionEvents as `holdfast:${Type}` extends keyof DiagnosticsEvents
    ? Type
    : never]: (event: SessionEvents[Type]) => DiagnosticsEvents[`holdfast:${Type}` & keyof DiagnosticsEvents]
}

function messages(): Messages {
  const bytesOf = messageBytes()
  return {
    state: ({ state, previous }) => ({ state, previous }),
    message: (message) => ({ bytes: bytesOf(message) }),
    sent: (message) => ({ bytes: bytesOf(message) }),
    resumed: () => ({}),
    gap: ({ reason, handBack }) => ({ reason, ...countsOf(handBack) }),
    closed: ({ cause, handBack }) => ({ cause, ...countsOf(handBack) }),
  }
}

function countsOf({ undelivered, uncertain }: HandBack): { undelivered: number; uncertain: number } {
  return { undelivered: undelivered.length, uncertain: uncertain.length }
}

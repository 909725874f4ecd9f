import type { Connection } from '../connection.ts'
import { liveCount, type ServerCounters } from '../counters.ts'
import type { SessionStats } from '../session-stats.ts'
import type { ServerState } from '../state.ts'

/** What a server is at one moment. */
export interface Snapshot {
  readonly state: ServerState
  readonly counters: ServerCounters
  readonly connections: Iterable<Pick<Connection, 'bufferedBytes'>>
  /** `undefined` for a server without sessions, which then has no such metrics. */
  readonly sessions: SessionStats | undefined
}

/** Numbers by the value of the label; under the empty name, the one number of a family without a label. */
type Values = Readonly<Record<string, number>>

/** A metric, and how it is read. All of them are read when somebody asks, so that counting costs the server nothing. */
export interface Family {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly label?: string
  readonly read: (now: Snapshot) => Values | undefined
}

/** Every metric but the round-trip times. Labels are fixed words of this package: nothing that comes from a client. */
export const families: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'ready',
    help: '1 while upgrades are accepted, else 0.',
    read: ({ state }) => alone(state.name === 'ready' ? 1 : 0),
  },
  {
    kind: 'gauge',
    name: 'connections',
    help: 'Connections that live now.',
    read: ({ counters }) => alone(liveCount(counters)),
  },
  {
    kind: 'counter',
    name: 'connections_opened_total',
    help: 'Connections accepted.',
    read: ({ counters }) => alone(counters.opened),
  },
  {
    kind: 'counter',
    name: 'connections_closed_total',
    help: 'Connections that ended, by cause; idle timeouts are "idle", pings without an answer "dead-peer".',
    label: 'cause',
    read: ({ counters }) => counters.closed,
  },
  {
    kind: 'counter',
    name: 'upgrades_refused_total',
    help: 'Upgrades that were refused, by reason; admission is "busy".',
    label: 'reason',
    read: ({ counters }) => counters.refused,
  },
  {
    kind: 'counter',
    name: 'messages_total',
    help: 'Messages, by direction.',
    label: 'direction',
    read: ({ counters }) => ({ in: counters.messagesIn, out: counters.messagesOut }),
  },
  {
    kind: 'counter',
    name: 'message_bytes_total',
    help: 'Payload bytes of messages, by direction.',
    label: 'direction',
    read: ({ counters }) => ({ in: counters.bytesIn, out: counters.bytesOut }),
  },
  {
    kind: 'gauge',
    name: 'buffered_bytes',
    help: 'Bytes that wait: in sockets for the operating system, in sessions until clients have handled them.',
    label: 'where',
    read: ({ connections, sessions }) => {
      let sockets = 0
      for (const { bufferedBytes } of connections) sockets += bufferedBytes
      return { sockets, ...(sessions && { sessions: sessions.heldBytes }) }
    },
  },
  {
    kind: 'gauge',
    name: 'sessions',
    help: 'Sessions now, by state.',
    label: 'state',
    read: ({ sessions }) => sessions?.states,
  },
  {
    kind: 'counter',
    name: 'sessions_opened_total',
    help: 'Sessions that the application was given.',
    read: ({ sessions }) => sessions && alone(sessions.opened),
  },
  {
    kind: 'counter',
    name: 'sessions_resumed_total',
    help: 'Times a session went on over another connection.',
    read: ({ sessions }) => sessions && alone(sessions.resumed),
  },
  {
    kind: 'counter',
    name: 'session_gaps_total',
    help: 'HELLOs that named a session which could not go on, by reason.',
    label: 'reason',
    read: ({ sessions }) => sessions?.gaps,
  },
  {
    kind: 'counter',
    name: 'sessions_ended_total',
    help: 'Sessions that ended, by reason.',
    label: 'reason',
    read: ({ sessions }) => sessions?.ended,
  },
  {
    kind: 'counter',
    name: 'sessions_superseded_total',
    help: 'Connections that lost their session to a later one.',
    read: ({ sessions }) => sessions && alone(sessions.superseded),
  },
  {
    kind: 'counter',
    name: 'hellos_sent_away_total',
    help: 'HELLOs that were sent away until later, because too many came.',
    read: ({ sessions }) => sessions && alone(sessions.sentAway),
  },
  {
    kind: 'counter',
    name: 'session_alarms_total',
    help: 'Times somebody named a session and was not its owner, by what was wrong.',
    label: 'reason',
    read: ({ sessions }) => sessions?.alarms,
  },
  {
    kind: 'counter',
    name: 'session_hand_backs_total',
    help: 'Messages handed back to the application, by fate.',
    label: 'fate',
    read: ({ sessions }) => sessions?.handBacks,
  },
]

function alone(value: number): Values {
  return { '': value }
}

/** Why an upgrade was refused. */
export type RefusalReason =
  /** The server is stopping, or not ready yet. */
  | 'stopping'
  /** No such path here. */
  | 'path'
  /** Not a WebSocket upgrade of version 13, or no readable HTTP. */
  | 'bad-request'
  /** The request head took longer than `handshakeTimeoutMs`. */
  | 'slow-request'
  | 'origin'
  | 'too-many'
  | 'too-many-per-address'
  /** More came at a time than are taken in; see the option `admission`. */
  | 'busy'
  /** This process uses more than `maxMemoryBytes`. */
  | 'memory'
  /** None of the offered subprotocols is spoken here. */
  | 'protocol'
  /** The `verify` hook said no. */
  | 'verify'
  /** The `verify` hook or the `protocols` function took too long, threw, or gave no answer. */
  | 'verify-failed'
  /** Asked for by the client, for tests. */
  | 'misbehaviour'
  /** The client asked for a misbehaviour that does not exist. */
  | 'bad-misbehaviour'

/** Why a connection ended. */
export type CloseCause =
  /** The client closed it, with a close frame. */
  | 'peer'
  /** It ended without a close frame: cut, reset, or the client is gone. */
  | 'lost'
  /** Nothing came from the client for `idleTimeoutMs`. */
  | 'idle'
  /** No sign of life within `pongTimeoutMs` after a ping: terminated. */
  | 'dead-peer'
  /** A message exceeded `maxPayloadBytes`: 1009. */
  | 'too-large'
  /** The client broke the protocol: 1002 or 1007. */
  | 'protocol-error'
  /** More than `maxBufferedBytes` waited to be taken by the client: terminated. */
  | 'slow-consumer'
  /** More frames per second than `maxMessagesPerS` or `maxControlFramesPerS`: 4429. */
  | 'flood'
  /** It lived for about `maxConnectionMs`. */
  | 'max-lifetime'
  /** The handler closed or terminated it. */
  | 'handler'
  /** The handler threw before it had taken the connection: 1011. */
  | 'handler-failed'
  /** The server stopped, and the client answered in time. */
  | 'stop'
  /** The server stopped, and the client was cut at the deadline. */
  | 'stop-forced'
  /** The session on it ended, was taken over by another connection, or was refused: see its close code. */
  | 'session'
  /** Asked for by the client, for tests. */
  | 'misbehaviour'

/** What happened so far. Numbers only grow. */
export interface ServerCounters {
  /** Connections accepted. Those that live now are this less the sum of `closed`. */
  readonly opened: number
  readonly refused: Readonly<Record<RefusalReason, number>>
  readonly closed: Readonly<Record<CloseCause, number>>
  readonly messagesIn: number
  readonly messagesOut: number
  /** Payload bytes of messages received. */
  readonly bytesIn: number
  /** Payload bytes of messages handed to the socket. */
  readonly bytesOut: number
}

/** The counters, as the server itself writes them. */
export type Tally = {
  -readonly [Name in keyof ServerCounters]: ServerCounters[Name] extends number
    ? number
    : { -readonly [Kind in keyof ServerCounters[Name]]: number }
}

const nothingRefused: Tally['refused'] = {
  stopping: 0,
  path: 0,
  'bad-request': 0,
  'slow-request': 0,
  origin: 0,
  'too-many': 0,
  'too-many-per-address': 0,
  busy: 0,
  memory: 0,
  protocol: 0,
  verify: 0,
  'verify-failed': 0,
  misbehaviour: 0,
  'bad-misbehaviour': 0,
}

const nothingClosed: Tally['closed'] = {
  peer: 0,
  lost: 0,
  idle: 0,
  'dead-peer': 0,
  'too-large': 0,
  'protocol-error': 0,
  'slow-consumer': 0,
  flood: 0,
  'max-lifetime': 0,
  handler: 0,
  'handler-failed': 0,
  stop: 0,
  'stop-forced': 0,
  session: 0,
  misbehaviour: 0,
}

/** Starts counting at zero. */
export function openTally(): Tally {
  return {
    opened: 0,
    refused: { ...nothingRefused },
    closed: { ...nothingClosed },
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
  }
}

/** Takes a copy that does not change any more. */
export function snapshot(tally: Tally): ServerCounters {
  return { ...tally, refused: { ...tally.refused }, closed: { ...tally.closed } }
}

/** Tells how many connections live now. */
export function liveCount({ opened, closed }: ServerCounters): number {
  return opened - Object.values(closed).reduce((sum, count) => sum + count, 0)
}

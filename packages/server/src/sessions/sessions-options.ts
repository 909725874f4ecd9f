import {
  type AckMode,
  type Batching,
  type BatchOptions,
  type Limits,
  MemoryStore,
  type OutboxBounds,
  batching,
  defaultLimits,
  serverDefaults,
} from '@holdfast/protocol'
import { callable, integer, knownNames, oneOf, shown } from '../option-checks.ts'
import type { ConnectionLimits } from '../session-service.ts'
import type { Authenticate } from './authenticate.ts'
import { echoSessions } from './echo-sessions.ts'
import type { SentMessage } from './sent-message.ts'
import type { SessionHandler } from './server-session.ts'
import type { SessionStore } from './session-store.ts'
import { isSharedStore, type SharedStore } from './shared-store.ts'

/** The options of `sessions`. All are optional. */
export interface SessionsOptions {
  /** Takes each new session. Default `echoSessions`. */
  readonly handler?: SessionHandler
  /** Asked who a client is, for each connection and each refresh of credentials. Default: nobody in particular. */
  readonly authenticate?: Authenticate
  /** Time for `authenticate` to answer; then 4500. Default 5,000; at most `helloTimeoutMs`. */
  readonly authenticateTimeoutMs?: number
  /** Time for the first frame of a connection; then 4408. Default 10,000. */
  readonly helloTimeoutMs?: number
  /**
   * Sessions whose client left before it showed that it knows of them; beyond, the oldest is forgotten for the next. Default
   * 1,000: hardly any client leaves just then, but a flood does.
   */
  readonly maxUnconfirmed?: number
  /** Connections that have not sent it yet; beyond, the oldest of them is closed with 4408 for the next. Default 5,000. */
  readonly maxAwaitedHellos?: number
  /**
   * When a message counts as handled, and the client may forget it: as soon as it was handed over (`received`, the default),
   * or when its handlers have returned and their promises settled (`handled`).
   */
  readonly ack?: AckMode
  /** With `ack: 'handled'`: handlers that hold the whole window for this long are reported. Default 10,000; `Infinity`: never. */
  readonly stallMs?: number
  /** With `ack: 'received'`: messages that may wait in a loop over them. Default 1,000. */
  readonly maxUnread?: number

  /** How long a session is kept without a connection. Default 300,000; at most 7 days; 0: not at all. */
  readonly ttlMs?: number
  /** Sessions at a time; the one longest without a connection is given up for another. Default 100,000. Not with `store`: `redisStore` has its own. */
  readonly maxSessions?: number
  /** Sessions of one principal at a time, likewise. Default 20. Not with `store`: `redisStore` has its own. */
  readonly maxPerPrincipal?: number
  /** Where sessions are kept: in this process, or in a store that several servers share. Default: in memory. */
  readonly store?: SessionStore | SharedStore

  /** Messages a client may have under way that are not handled. Default 1,024. */
  readonly windowMessages?: number
  /** Bytes likewise. Default 4,194,304; at least the server's `maxPayloadBytes`. */
  readonly windowBytes?: number
  /** Messages held for one client until it has handled them. Default 4,096. */
  readonly maxHeldMessages?: number
  /** Bytes likewise. Default 8,388,608; at most the server's `maxBufferedBytes`. */
  readonly maxHeldBytes?: number
  /** Bytes held for all clients together. Default 268,435,456; `Infinity`: no limit. */
  readonly maxTotalHeldBytes?: number
  /** What happens to a `send` beyond what may be held: its receipt says so (`reject`, the default), or the session ends (`end`). */
  readonly overflow?: 'reject' | 'end'

  /**
   * Puts small text messages for clients that understand it into common frames; each still counts, and arrives, by itself.
   * `true`: those of one turn. Default `false`: a frame for each. What clients batch is always understood.
   */
  readonly batch?: Partial<BatchOptions> | boolean
  /** The application's own subprotocols, agreed on inside the session. Default none; at most 16. */
  readonly proto?: readonly string[]
  /** Within how long clients spread their first try after an unplanned loss. Default 0: as they see fit. */
  readonly spreadMs?: number
  /** Within how long clients are asked to leave when the server stops; at most its deadline less 1 s. Default 2,000. */
  readonly leaveSpreadMs?: number
  /** Time for a client to answer the end of a session. Default 2,000. */
  readonly byeTimeoutMs?: number
}

/** All options that need no server to be known, checked, with their defaults. */
export interface ResolvedSessionsOptions
  extends Required<
    Omit<
      SessionsOptions,
      | 'authenticate'
      | 'batch'
      | 'windowMessages'
      | 'windowBytes'
      | 'maxHeldMessages'
      | 'maxHeldBytes'
      | 'maxSessions'
      | 'maxPerPrincipal'
    >
  > {
  readonly authenticate: Authenticate | undefined
  readonly batch: Batching | undefined
  /** `maxBytes` is the server's to say. */
  readonly limits: Limits
  readonly hold: OutboxBounds
}

const HOUR_MS = 3_600_000
const duration = { min: 1, max: HOUR_MS }
const durationOrZero = { min: 0, max: HOUR_MS }
const count = { min: 1, max: 1_000_000 }
const bytes = { min: 1, max: 1_073_741_824 }

const defaults = {
  handler: echoSessions,
  authenticateTimeoutMs: 5_000,
  helloTimeoutMs: serverDefaults.helloTimeoutMs,
  maxAwaitedHellos: 5_000,
  maxUnconfirmed: 1_000,
  ack: serverDefaults.ackMode,
  stallMs: 10_000,
  maxUnread: 1_000,
  ttlMs: serverDefaults.ttlMs,
  maxSessions: 100_000,
  maxPerPrincipal: 20,
  windowMessages: defaultLimits.windowMessages,
  windowBytes: defaultLimits.windowBytes,
  maxHeldMessages: serverDefaults.bounds.maxMessages,
  maxHeldBytes: serverDefaults.bounds.maxBytes,
  maxTotalHeldBytes: 268_435_456,
  overflow: 'reject',
  batch: false,
  proto: [],
  spreadMs: serverDefaults.spreadMs,
  leaveSpreadMs: 2_000,
  byeTimeoutMs: serverDefaults.byeTimeoutMs,
} as const satisfies Omit<SessionsOptions, 'authenticate' | 'store'>

const checks: {
  readonly [Name in keyof Required<SessionsOptions>]: (name: string, value: never) => unknown
} = {
  handler: callable,
  authenticate: callable,
  authenticateTimeoutMs: (name, value) => integer(name, value, duration),
  helloTimeoutMs: (name, value) => integer(name, value, duration),
  ack: (name, value) => oneOf(name, value, ['received', 'handled']),
  stallMs: (name, value) => integer(name, value, { ...duration, orInfinity: true }),
  maxUnread: (name, value) => integer(name, value, { ...count, orInfinity: true }),
  ttlMs: (name, value) => integer(name, value, { min: 0, max: 168 * HOUR_MS }),
  maxUnconfirmed: (name, value) => integer(name, value, count),
  maxAwaitedHellos: (name, value) => integer(name, value, count),
  maxSessions: (name, value) => integer(name, value, { min: 1, max: 10_000_000 }),
  maxPerPrincipal: (name, value) => integer(name, value, count),
  store: checkStore,
  windowMessages: (name, value) => integer(name, value, count),
  windowBytes: (name, value) => integer(name, value, bytes),
  maxHeldMessages: (name, value) => integer(name, value, count),
  maxHeldBytes: (name, value) => integer(name, value, bytes),
  maxTotalHeldBytes: (name, value) => integer(name, value, { min: 1, max: 2 ** 50, orInfinity: true }),
  overflow: (name, value) => oneOf(name, value, ['reject', 'end']),
  batch: checkBatch,
  proto: checkProto,
  spreadMs: (name, value) => integer(name, value, durationOrZero),
  leaveSpreadMs: (name, value) => integer(name, value, durationOrZero),
  byeTimeoutMs: (name, value) => integer(name, value, duration),
}

/**
 * Checks options and fills in the defaults: the only reader of raw options. One that is `undefined` counts as absent.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function resolveSessionsOptions(raw: SessionsOptions): ResolvedSessionsOptions {
  if (typeof raw !== 'object' || raw === null) {
    throw new TypeError(`options: must be an object, received ${shown(raw)}`)
  }
  knownNames('options', raw, Object.keys(checks))
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) checks[name as keyof SessionsOptions](name, value as never)
  const own = Object.fromEntries(given) as SessionsOptions
  const {
    windowMessages,
    windowBytes,
    maxHeldMessages,
    maxHeldBytes,
    maxSessions,
    maxPerPrincipal,
    batch,
    ...rest
  } = { ...defaults, ...own }
  checkTogether(own, rest)
  return {
    ...rest,
    authenticate: own.authenticate,
    batch: batch === false ? undefined : batching(batch === true ? {} : batch),
    store: own.store ?? new MemoryStore<SentMessage>({ maxSessions, maxPerPrincipal }),
    limits: { maxBytes: 1, windowMessages, windowBytes },
    hold: { maxMessages: maxHeldMessages, maxBytes: maxHeldBytes },
  }
}

function checkTogether(
  own: SessionsOptions,
  all: { readonly authenticateTimeoutMs: number; readonly helloTimeoutMs: number },
): void {
  for (const name of ['maxSessions', 'maxPerPrincipal'] as const) {
    if (own.store !== undefined && own[name] !== undefined) {
      throw new TypeError(`${name}: must be absent together with store, received ${own[name]}`)
    }
  }
  const { authenticateTimeoutMs, helloTimeoutMs } = all
  if (authenticateTimeoutMs > helloTimeoutMs) {
    throw new RangeError(
      `authenticateTimeoutMs: must be at most helloTimeoutMs, ${helloTimeoutMs}, received ${authenticateTimeoutMs}`,
    )
  }
}

/**
 * Adds what the server's own options say about messages.
 * @throws RangeError naming the option, its bound and the value received
 */
export function fitServer(own: ResolvedSessionsOptions, server: ConnectionLimits): ResolvedSessionsOptions {
  const maxBytes = server.maxPayloadBytes
  const { windowBytes } = own.limits
  if (windowBytes < maxBytes) {
    throw new RangeError(
      `windowBytes: must be at least maxPayloadBytes, ${maxBytes}, received ${windowBytes}`,
    )
  }
  if (own.hold.maxBytes > server.maxBufferedBytes) {
    throw new RangeError(
      `maxHeldBytes: must be at most maxBufferedBytes, ${server.maxBufferedBytes}, received ${own.hold.maxBytes}`,
    )
  }
  for (const name of ['pingIntervalMs', 'idleTimeoutMs'] as const) {
    if (server[name] !== Number.POSITIVE_INFINITY) integer(name, server[name], { min: 1_000, max: HOUR_MS })
  }
  return { ...own, limits: { ...own.limits, maxBytes } }
}

function checkStore(name: string, store: unknown): unknown {
  const { attach, write } = (store ?? {}) as Partial<SessionStore>
  if (typeof attach === 'function' && (typeof write === 'function' || isSharedStore(store))) return store
  throw new TypeError(`${name}: must have attach and write, or attach and keep, received ${shown(store)}`)
}

const batchChecks = {
  lingerMs: (value: unknown) => integer('batch.lingerMs', value, { min: 0, max: 60_000 }),
  maxMessages: (value: unknown) => integer('batch.maxMessages', value, { min: 1, max: 1_024 }),
  maxBytes: (value: unknown) => integer('batch.maxBytes', value, bytes),
}

function checkBatch(name: string, batch: unknown): unknown {
  if (typeof batch === 'boolean') return batch
  if (typeof batch !== 'object' || batch === null) {
    throw new TypeError(`${name}: must be true, false or an object, received ${shown(batch)}`)
  }
  knownNames(name, batch, Object.keys(batchChecks))
  for (const [key, value] of Object.entries(batch)) batchChecks[key as keyof BatchOptions](value)
  return batch
}

function checkProto(name: string, proto: unknown): unknown {
  if (!Array.isArray(proto)) throw new TypeError(`${name}: must be an array, received ${shown(proto)}`)
  if (proto.length > 16) throw new RangeError(`${name}: must have at most 16 names, received ${proto.length}`)
  proto.forEach((item: unknown, index) => {
    if (typeof item === 'string' && item.length >= 1 && item.length <= 64) return
    throw new RangeError(`${name}[${index}]: must be a string of 1 to 64 characters, received ${shown(item)}`)
  })
  return proto
}

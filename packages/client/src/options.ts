import { type Clock, type Signal, systemClock, unrefClock } from '@holdfast/lifetime'
import type { BackoffOptions } from './backoff.ts'
import { assertFunction, assertMembers, assertNumber, assertOneOf, type Bounds } from './bounds.ts'
import type { Cause } from './cause.ts'
import type { Verdict } from './classify.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { OnConnected } from './hello.ts'
import type { Logger } from './log.ts'
import type { QueueOptions } from './queue.ts'
import type { CreateSocket } from './socket.ts'
import type { AttemptContext, Credentials, Provided } from './target.ts'

/** Limits of one attempt, each in milliseconds, at least 1; `Infinity`: no limit. */
export interface ConnectOptions {
  /** How long `admit`, and then the URL, protocols, headers and credentials, may each take. Default 10,000. */
  readonly resolveTimeoutMs: number
  /** How long the dial may take: DNS, TCP, TLS and the upgrade. Default 10,000. */
  readonly dialTimeoutMs: number
  /** How long `onConnected` may take. Default 10,000. */
  readonly helloTimeoutMs: number
}

/** What `admit` may answer instead of letting the attempt start: wait, and who says so. */
export interface NotYet {
  /** When to ask again, in milliseconds; drawn up to half later, at most five minutes. */
  readonly retryAfterMs: number
  /** Who asks to wait, for the state: `waiting` with the cause `not-admitted`. */
  readonly cause: string
}

/** What to do while the page is hidden. `closeAfterMs`: milliseconds, at least 0. */
export type WhenHidden = 'keep' | 'pauseRetries' | { readonly closeAfterMs: number }

/** How a session behaves. Everything is optional; unknown names and values out of bounds are errors at the call. */
export interface SessionOptions {
  /** Subprotocols to offer: a name, a list, or a function asked before every attempt. */
  readonly protocols?: Provided<string | readonly string[]> | undefined
  /** Headers of the upgrade request. Node only: browsers cannot send any, and there it is a `TypeError`. */
  readonly headers?: Provided<Readonly<Record<string, string>>> | undefined
  /** Credentials, or a function asked before every attempt; given to the other providers and to `onConnected`. */
  readonly credentials?: Provided<Credentials>
  readonly connect?: Partial<ConnectOptions> | undefined
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** `false` turns the heartbeat off. */
  readonly heartbeat?: Partial<HeartbeatOptions> | false | undefined
  readonly queue?: Partial<QueueOptions> | undefined
  /** How many messages an iterator may leave unread before it ends with an error. Default 1,000. At least 1. */
  readonly maxUnread?: number | undefined
  /** How long `close()` waits for the server's close frame, in milliseconds. Default 2,000; 0: does not wait. */
  readonly closeTimeoutMs?: number | undefined
  /** Default `'keep'`. Pages only. */
  readonly whenHidden?: WhenHidden | undefined
  /** Start at once. Default `true`; with `false` the session is `idle` until `reconnect()`. */
  readonly autoConnect?: boolean | undefined
  /** Lets a Node process exit while an otherwise idle session is open. Default `false`. */
  readonly unref?: boolean | undefined
  /** Runs after each dial and before `open`; if it rejects, the attempt failed. */
  readonly onConnected?: OnConnected | undefined
  /** Asked before every attempt; may wait, or answer with a time to ask again. If it rejects, the attempt failed. */
  readonly admit?: ((context: AttemptContext) => Promise<NotYet | undefined> | NotYet | undefined) | undefined
  /** Asked first what a cause means; `undefined` leaves it to the table of `classify`. */
  readonly classify?: ((cause: Cause) => Verdict | undefined) | undefined
  /** Makes the socket: another WebSocket, an agent, TLS options, a proxy. Default: `ws` in Node, else the platform's. */
  readonly createSocket?: CreateSocket | undefined
  /** Aborting it is `dispose()`, with the cause `aborted`. */
  readonly signal?: Signal | undefined
  /** Receives structured records. Default: none; the library never prints. */
  readonly logger?: Logger | undefined
  /** Default: the machine's time. */
  readonly clock?: Clock | undefined
  /** Gives numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** Options as the session uses them: checked, and nothing left out that has a default. */
export interface Settings {
  readonly protocols: Provided<string | readonly string[]>
  readonly headers: Provided<Readonly<Record<string, string>>> | undefined
  readonly credentials: Provided<Credentials>
  readonly connect: ConnectOptions
  readonly backoff: BackoffOptions
  readonly heartbeat: HeartbeatOptions
  readonly queue: QueueOptions
  readonly maxUnread: number
  readonly closeTimeoutMs: number
  readonly whenHidden: WhenHidden
  readonly autoConnect: boolean
  readonly unref: boolean
  readonly onConnected: OnConnected | undefined
  readonly admit: SessionOptions['admit']
  readonly classify: SessionOptions['classify']
  readonly createSocket: CreateSocket | undefined
  readonly signal: Signal | undefined
  readonly logger: Logger | undefined
  readonly clock: Clock
  readonly random: () => number
}

/** The options that have numbers and words for defaults. */
export interface Defaults {
  readonly connect: ConnectOptions
  readonly backoff: BackoffOptions
  readonly heartbeat: HeartbeatOptions
  readonly queue: QueueOptions
  readonly maxUnread: number
  readonly closeTimeoutMs: number
}

/** What applies when an option is left out. */
export const defaults: Defaults = {
  connect: { resolveTimeoutMs: 10_000, dialTimeoutMs: 10_000, helloTimeoutMs: 10_000 },
  backoff: { baseMs: 2_000, capMs: 30_000, stableAfterMs: 10_000, maxAttempts: Number.POSITIVE_INFINITY },
  heartbeat: {
    intervalMs: 25_000,
    timeoutMs: 10_000,
    probeMs: 3_000,
    expectTrafficMs: Number.POSITIVE_INFINITY,
    ping: undefined,
    isPong: undefined,
    strategy: undefined,
  },
  queue: {
    maxMessages: 1_000,
    maxBytes: 1_048_576,
    maxMessageBytes: Number.POSITIVE_INFINITY,
    ttlMs: Number.POSITIVE_INFINITY,
    overflow: 'reject',
    highWaterBytes: 1_048_576,
    lowWaterBytes: 262_144,
  },
  maxUnread: 1_000,
  closeTimeoutMs: 2_000,
}

const forever = Number.POSITIVE_INFINITY
const positive: Bounds = [1, forever]
const notNegative: Bounds = [0, forever]

const bounds: Readonly<Record<string, Readonly<Record<string, Bounds>>>> = {
  connect: { resolveTimeoutMs: positive, dialTimeoutMs: positive, helloTimeoutMs: positive },
  backoff: { baseMs: positive, capMs: positive, stableAfterMs: notNegative, maxAttempts: positive },
  heartbeat: { intervalMs: positive, timeoutMs: positive, probeMs: positive, expectTrafficMs: positive },
  queue: {
    maxMessages: notNegative,
    maxBytes: notNegative,
    maxMessageBytes: positive,
    ttlMs: positive,
    highWaterBytes: positive,
    lowWaterBytes: notNegative,
  },
}

const functions = ['onConnected', 'admit', 'classify', 'createSocket', 'logger', 'random'] as const
const others = [
  'protocols',
  'headers',
  'credentials',
  'whenHidden',
  'autoConnect',
  'unref',
  'signal',
  'clock',
] as const

/**
 * Checks options and fills in the defaults. The only place that reads options as the user wrote them.
 * @throws TypeError when something is of the wrong type or unknown
 * @throws RangeError when a value is out of bounds; both name the option, the bound and the value
 */
export function resolveOptions(raw: SessionOptions = {}): Settings {
  assertMembers('options', raw, [...Object.keys(defaults), ...functions, ...others])
  for (const name of functions) assertFunction(name, raw[name])
  for (const name of ['autoConnect', 'unref'] as const) assertOneOf(name, raw[name], [true, false, undefined])
  const maxUnread = raw.maxUnread ?? defaults.maxUnread
  assertNumber('maxUnread', maxUnread, positive)
  const closeTimeoutMs = raw.closeTimeoutMs ?? defaults.closeTimeoutMs
  assertNumber('closeTimeoutMs', closeTimeoutMs, notNegative)
  const clock = raw.clock ?? systemClock
  const {
    protocols,
    headers,
    credentials,
    onConnected,
    admit,
    classify,
    createSocket,
    signal,
    logger,
    random,
  } = raw
  return {
    headers,
    credentials,
    onConnected,
    admit,
    classify,
    createSocket,
    signal,
    logger,
    protocols: protocols ?? [],
    connect: group('connect', raw.connect, defaults.connect),
    backoff: checkBackoff(group<BackoffOptions>('backoff', raw.backoff, defaults.backoff)),
    heartbeat: resolveHeartbeat(raw.heartbeat),
    queue: checkQueue(group<QueueOptions>('queue', raw.queue, defaults.queue)),
    maxUnread,
    closeTimeoutMs,
    whenHidden: checkWhenHidden(raw.whenHidden ?? 'keep'),
    autoConnect: raw.autoConnect ?? true,
    unref: raw.unref ?? false,
    clock: raw.unref ? unrefClock(clock) : clock,
    random: random ?? Math.random,
  }
}

/** Fills one group of options and checks its numbers; `undefined` counts as left out. */
function group<T extends object>(name: string, raw: Partial<T> | undefined, preset: T): T {
  if (raw !== undefined) assertMembers(name, raw, Object.keys(preset))
  const given = Object.entries(raw ?? {}).filter(([, value]) => value !== undefined)
  const filled = { ...preset, ...(Object.fromEntries(given) as Partial<T>) }
  for (const [key, allowed] of Object.entries(bounds[name] ?? {})) {
    assertNumber(`${name}.${key}`, filled[key as keyof T], allowed)
  }
  return filled
}

function checkBackoff(backoff: BackoffOptions): BackoffOptions {
  assertNumber('backoff.capMs', backoff.capMs, [backoff.baseMs, forever])
  return backoff
}

function checkQueue(queue: QueueOptions): QueueOptions {
  assertOneOf('queue.overflow', queue.overflow, ['reject', 'drop-oldest', 'drop-newest'])
  assertNumber('queue.lowWaterBytes', queue.lowWaterBytes, [0, queue.highWaterBytes])
  return queue
}

function resolveHeartbeat(raw: SessionOptions['heartbeat']): HeartbeatOptions {
  const asked = raw === false ? { intervalMs: forever } : raw
  const heartbeat = group<HeartbeatOptions>('heartbeat', asked, defaults.heartbeat)
  assertFunction('heartbeat.ping', heartbeat.ping)
  assertFunction('heartbeat.isPong', heartbeat.isPong)
  return heartbeat
}

function checkWhenHidden(whenHidden: WhenHidden): WhenHidden {
  if (typeof whenHidden === 'string') assertOneOf('whenHidden', whenHidden, ['keep', 'pauseRetries'])
  else {
    assertMembers('whenHidden', whenHidden, ['closeAfterMs'])
    assertNumber('whenHidden.closeAfterMs', whenHidden.closeAfterMs, notNegative)
  }
  return whenHidden
}

import { type Clock, type Signal, systemClock } from '@holdfast/lifetime'
import type { BackoffOptions } from './backoff.ts'
import { assertMethods, assertNumber, assertOneOf, fill, must } from './bounds.ts'
import type { Cause } from './cause.ts'
import type { Verdict } from './classify.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { OnConnected } from './hello.ts'
import type { Logger } from './log.ts'
import type { Plug } from './plug.ts'
import type { QueueOptions } from './queue.ts'
import type { CreateSocket } from './socket-like.ts'
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
  /** Makes the session lossless against a server that speaks `holdfast.v1`: `resume()` from `holdfast/resume`. */
  readonly resume?: Plug<Settings> | undefined
  /** What else changes how the session works, such as a rate limit; each gets it as the one before left it. Default none. */
  readonly plugs?: readonly Plug<Settings>[] | undefined
  /** Subprotocols to offer: a name, a list, or a function asked before every attempt. */
  readonly protocols?: Provided<string | readonly string[]> | undefined
  /** Headers of the upgrade request. Node only: browsers cannot send any, and there it is a `TypeError`. */
  readonly headers?: Provided<Readonly<Record<string, string>>> | undefined
  /** Credentials, or a function asked before every attempt; given to the other providers and to `onConnected`. */
  readonly credentials?: Provided<Credentials>
  /** Limits of one attempt. */
  readonly connect?: Partial<ConnectOptions> | undefined
  /** How long to wait before trying again. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** `false` turns the heartbeat off. */
  readonly heartbeat?: Partial<HeartbeatOptions> | false | undefined
  /** Bounds of what waits to be sent. */
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
  /** Set by `resume`: whether the session at the server went on. */
  readonly resumed?: () => boolean
  /** As `SessionOptions.resume`. */
  readonly resume: Plug<Settings> | undefined
  /** As `SessionOptions.plugs`. */
  readonly plugs: readonly Plug<Settings>[]
  /** As `SessionOptions.protocols`. */
  readonly protocols: Provided<string | readonly string[]>
  /** As `SessionOptions.headers`. */
  readonly headers: Provided<Readonly<Record<string, string>>> | undefined
  /** As `SessionOptions.credentials`. */
  readonly credentials: Provided<Credentials>
  /** As `SessionOptions.connect`. */
  readonly connect: ConnectOptions
  /** As `SessionOptions.backoff`. */
  readonly backoff: BackoffOptions
  /** As `SessionOptions.heartbeat`. */
  readonly heartbeat: HeartbeatOptions
  /** As `SessionOptions.queue`. */
  readonly queue: QueueOptions
  /** As `SessionOptions.maxUnread`. */
  readonly maxUnread: number
  /** As `SessionOptions.closeTimeoutMs`. */
  readonly closeTimeoutMs: number
  /** As `SessionOptions.whenHidden`. */
  readonly whenHidden: WhenHidden | undefined
  /** As `SessionOptions.autoConnect`. */
  readonly autoConnect: boolean
  /** As `SessionOptions.unref`. */
  readonly unref: boolean
  /** As `SessionOptions.onConnected`. */
  readonly onConnected: OnConnected | undefined
  /** As `SessionOptions.admit`. */
  readonly admit: SessionOptions['admit']
  /** As `SessionOptions.classify`. */
  readonly classify: SessionOptions['classify']
  /** As `SessionOptions.createSocket`. */
  readonly createSocket: CreateSocket | undefined
  /** As `SessionOptions.signal`. */
  readonly signal: Signal | undefined
  /** As `SessionOptions.logger`. */
  readonly logger: Logger | undefined
  /** As `SessionOptions.clock`. */
  readonly clock: Clock
  /** As `SessionOptions.random`. */
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
  backoff: { baseMs: 2_000, capMs: 30_000, stableAfterMs: 10_000, maxAttempts: Infinity },
  heartbeat: {
    intervalMs: 25_000,
    timeoutMs: 10_000,
    probeMs: 3_000,
    expectTrafficMs: Infinity,
    ping: undefined,
    isPong: undefined,
    strategy: undefined,
  },
  queue: {
    maxMessages: 1_000,
    maxBytes: 1_048_576,
    maxMessageBytes: Infinity,
    ttlMs: Infinity,
    overflow: 'reject',
    highWaterBytes: 1_048_576,
    lowWaterBytes: 262_144,
  },
  maxUnread: 1_000,
  closeTimeoutMs: 2_000,
}

/** Every option, with what applies when it is left out. */
const presets: Settings = {
  ...defaults,
  resume: undefined,
  plugs: [],
  protocols: [],
  headers: undefined,
  credentials: undefined,
  whenHidden: undefined,
  autoConnect: true,
  unref: false,
  onConnected: undefined,
  admit: undefined,
  classify: undefined,
  createSocket: undefined,
  signal: undefined,
  logger: undefined,
  clock: systemClock,
  random: Math.random,
}

/**
 * Checks options and fills in the defaults. The only place that reads options as the user wrote them.
 * @throws TypeError when something is of the wrong type or unknown
 * @throws RangeError when a value is out of bounds; both name the option, the bound and the value
 */
export function resolveOptions(raw: SessionOptions = {}): Settings {
  const asked = raw?.heartbeat === false ? { ...raw, heartbeat: { intervalMs: Infinity } } : raw
  const settings = fill('options', asked, presets, '')
  const { backoff, heartbeat, queue, whenHidden, clock, signal, plugs } = settings
  assertNumber('backoff.capMs', backoff.capMs, backoff.baseMs)
  assertNumber('queue.lowWaterBytes', queue.lowWaterBytes, 0, queue.highWaterBytes)
  assertOneOf('queue.overflow', queue.overflow, ['reject', 'drop-oldest', 'drop-newest'])
  if (typeof whenHidden === 'object') {
    fill('whenHidden', whenHidden, { closeAfterMs: 0 })
    assertNumber('whenHidden.closeAfterMs', whenHidden.closeAfterMs, 0)
  } else assertOneOf('whenHidden', whenHidden, [undefined, 'keep', 'pauseRetries'])
  for (const plug of plugs) must(typeof plug === 'function', TypeError, 'plugs', 'functions', plug)
  assertMethods('clock', clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  assertMethods('signal', signal, ['addEventListener', 'removeEventListener'])
  assertMethods('heartbeat.strategy', heartbeat.strategy, ['intervalMs', 'lost'])
  return settings
}

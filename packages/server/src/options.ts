import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { type Clock, systemClock } from '@holdfast/lifetime'
import { type AdmissionOptions, checkAdmission, defaultAdmission } from './admission-options.ts'
import type { AdmissionLimits } from './admission-queue.ts'
import type { Handler } from './connection.ts'
import { checkDeflate, type Deflate } from './deflate.ts'
import { echo } from './echo.ts'
import type { HttpRoute } from './http-route.ts'
import type { Logger } from './log.ts'
import { callable, flag, integer, knownNames, oneOf, shown, text } from './option-checks.ts'
import { checkOrigins, type Origins } from './origin.ts'
import { firstOffered, type Protocols } from './protocols.ts'
import type { SessionService } from './session-service.ts'
import type { Verify } from './verify.ts'

/** The options of `createServer`. All are optional. */
export interface ServerOptions {
  /** The address to listen on. Default `127.0.0.1`, which only this machine reaches; `::` or `0.0.0.0` for all. */
  readonly host?: string
  /** The port to listen on. Default 0: any free one, told by `start()`. */
  readonly port?: number
  /** Certificate and key in PEM, to listen for `wss:`. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  /** An HTTP server to attach to instead of listening; it stays yours to start and to close. Needs `path`. */
  readonly server?: HttpServer | HttpsServer
  /** The path that takes upgrades, without a query. Default: every path. */
  readonly path?: string

  /** Which pages may connect, besides those of the server's own origin. Default `[]`: none. */
  readonly origins?: Origins
  /** Whether clients without an `Origin` header (no browsers) may connect. Default true. */
  readonly allowAbsentOrigin?: boolean
  /** The subprotocols spoken here. Default: the first one a client offers. `[]`: none, whoever offers is refused. */
  readonly protocols?: Protocols
  /** Asked before each upgrade is accepted. Default: everyone may. */
  readonly verify?: Verify
  /** Time for `verify` to answer; then 503. Default 5,000; `Infinity`: no limit. */
  readonly verifyTimeoutMs?: number
  /** Takes each connection. Default `echo`. */
  readonly handler?: Handler
  /**
   * Resumable sessions, from `sessions()` of `@holdfast/server/sessions`: they take the connections whose client offers
   * `holdfast.v1`, in the place of `handler`; listeners of such a connection get no `message`. Default: none.
   */
  readonly sessions?: SessionService

  /** The largest message taken, in bytes of payload; a larger one is closed with 1009. Default 1,048,576. */
  readonly maxPayloadBytes?: number
  /** Connections at a time, handshakes included; more get 503. Default 10,000. */
  readonly maxConnections?: number
  /**
   * Connections at a time from one IPv4 address or IPv6 /64 network; more get 429. Default `Infinity`: behind a proxy all
   * clients have one address.
   */
  readonly maxConnectionsPerAddress?: number
  /**
   * How fast clients are taken in. Beyond, they wait shortly or are sent away until a moment of their own: upgrades with 503
   * and `Retry-After`, clients of sessions, at their HELLO, with 4429. Default 500 a second.
   */
  readonly admission?: AdmissionOptions
  /** Messages taken per second and connection; more are closed with 4429. Default `Infinity`: windows and TCP bound them. */
  readonly maxMessagesPerS?: number
  /** Control frames (pings, and those of sessions) likewise. Default 10,000. */
  readonly maxControlFramesPerS?: number
  /** Memory of this process (resident, in bytes) above which upgrades get 503. Default `Infinity`: any. */
  readonly maxMemoryBytes?: number
  /** `send` answers `backed-up` while more bytes than this wait for the client. Default 1,048,576. */
  readonly highWaterMarkBytes?: number
  /** A client for whom more bytes than this wait at the next `send` is cut. Default 16,777,216. */
  readonly maxBufferedBytes?: number
  /**
   * Takes offers of permessage-deflate. Default false: it costs memory, broke in iOS 15.0 to 15.3, and tells of secrets that are
   * in one message with text of somebody else. Messages of fewer bytes than `thresholdBytes` are sent as they are; true: 1,024.
   */
  readonly perMessageDeflate?: Deflate

  /** Time for the head of a request, and for TLS before it, when listening. Default 10,000. */
  readonly handshakeTimeoutMs?: number
  /**
   * A client from whom no byte came for this long is closed with 1001 `idle`. Default 60,000; `Infinity`: never. Answers to
   * pings count, so with pings on only a client that stopped answering gets there.
   */
  readonly idleTimeoutMs?: number
  /** Time between protocol pings. Default 20,000; `Infinity`: none. */
  readonly pingIntervalMs?: number
  /** Time for a sign of life after a ping; then the connection is cut. Default 10,000. */
  readonly pongTimeoutMs?: number
  /** Time for a client to answer a close frame; then the connection is cut. Default 5,000. */
  readonly closeTimeoutMs?: number
  /**
   * How long a connection may live, give or take a fifth at random, so that not all end at once; then a client of a session is
   * asked to come back on another, any other is closed with 1001. Spreads clients over servers. Default `Infinity`: for ever.
   */
  readonly maxConnectionMs?: number
  /** What `Retry-After` says when a cap is reached or the server stops, rounded up to seconds. Default 5,000. */
  readonly retryAfterMs?: number
  /** The close code of `stop`: 1001 (going away, the default) or 1012 (service restart). */
  readonly stopCode?: 1001 | 1012

  /** Lets clients ask for misbehaviour in the query of their URL. For tests only. Default false. */
  readonly allowMisbehaviour?: boolean
  /**
   * Answer plain HTTP requests, those of `/healthz` and `/readyz` aside, when it listens itself: asked in order; the first that
   * returns true has the request. For what nobody takes: 426. Default `[]`.
   */
  readonly routes?: readonly HttpRoute[]
  /** Serves `/stats`, readable from any page. Default: the value of `allowMisbehaviour`. */
  readonly exposeStats?: boolean
  /** Takes the log. Default: silence. */
  readonly logger?: Logger
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock
}

/** Options that have no default: they are absent or given. */
type Optional = 'tls' | 'server' | 'path' | 'verify' | 'logger' | 'sessions'

/** All options, checked, with their defaults. */
export type ResolvedOptions = Required<Omit<ServerOptions, Optional | 'admission'>> &
  Pick<ServerOptions, Optional> & { readonly admission: AdmissionLimits }

/** What holds unless an option says otherwise. */
export const defaults = {
  host: '127.0.0.1',
  port: 0,
  origins: [],
  allowAbsentOrigin: true,
  protocols: firstOffered,
  verifyTimeoutMs: 5_000,
  handler: echo,
  maxPayloadBytes: 1_048_576,
  maxConnections: 10_000,
  maxConnectionsPerAddress: Number.POSITIVE_INFINITY,
  admission: defaultAdmission,
  maxMessagesPerS: Number.POSITIVE_INFINITY,
  maxControlFramesPerS: 10_000,
  maxMemoryBytes: Number.POSITIVE_INFINITY,
  highWaterMarkBytes: 1_048_576,
  maxBufferedBytes: 16_777_216,
  perMessageDeflate: false,
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  pingIntervalMs: 20_000,
  pongTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  maxConnectionMs: Number.POSITIVE_INFINITY,
  retryAfterMs: 5_000,
  stopCode: 1001,
  allowMisbehaviour: false,
  exposeStats: false,
  routes: [],
  clock: systemClock,
} as const satisfies Omit<ResolvedOptions, Optional>

const DAY_MS = 86_400_000
const milliseconds = { min: 1, max: DAY_MS }
const millisecondsOrNever = { ...milliseconds, orInfinity: true }
const bytes = { min: 1, max: 1_073_741_824 }
const count = { min: 1, max: 1_000_000, orInfinity: true }

/** Takes an option's checked value. */
type Check = (name: string, value: never) => unknown

const checks: { readonly [Name in keyof Required<ServerOptions>]: Check } = {
  host: text,
  port: (name, value) => integer(name, value, { min: 0, max: 65_535 }),
  tls: checkTls,
  server: checkHost,
  path: checkPath,
  origins: checkOrigins,
  allowAbsentOrigin: flag,
  protocols: checkProtocols,
  verify: callable,
  verifyTimeoutMs: (name, value) => integer(name, value, millisecondsOrNever),
  handler: callable,
  sessions: checkSessions,
  maxPayloadBytes: (name, value) => integer(name, value, bytes),
  maxConnections: (name, value) => integer(name, value, count),
  maxConnectionsPerAddress: (name, value) => integer(name, value, count),
  admission: checkAdmission,
  maxMessagesPerS: (name, value) => integer(name, value, count),
  maxControlFramesPerS: (name, value) => integer(name, value, count),
  maxMemoryBytes: (name, value) => integer(name, value, { min: 1, max: 2 ** 50, orInfinity: true }),
  highWaterMarkBytes: (name, value) => integer(name, value, bytes),
  maxBufferedBytes: (name, value) => integer(name, value, bytes),
  perMessageDeflate: checkDeflate,
  handshakeTimeoutMs: (name, value) => integer(name, value, milliseconds),
  idleTimeoutMs: (name, value) => integer(name, value, millisecondsOrNever),
  pingIntervalMs: (name, value) => integer(name, value, millisecondsOrNever),
  pongTimeoutMs: (name, value) => integer(name, value, milliseconds),
  closeTimeoutMs: (name, value) => integer(name, value, milliseconds),
  maxConnectionMs: (name, value) => integer(name, value, { min: 1, max: 30 * DAY_MS, orInfinity: true }),
  retryAfterMs: (name, value) => integer(name, value, milliseconds),
  stopCode: (name, value) => oneOf(name, value, [1001, 1012]),
  allowMisbehaviour: flag,
  exposeStats: flag,
  routes: checkRoutes,
  logger: callable,
  clock: checkClock,
}

/**
 * Checks options and fills in the defaults: the only reader of raw options. One that is `undefined` counts as absent.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function resolveOptions(raw: ServerOptions): ResolvedOptions {
  if (typeof raw !== 'object' || raw === null) {
    throw new TypeError(`options: must be an object, received ${shown(raw)}`)
  }
  knownNames('options', raw, Object.keys(checks))
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  const checked = given.map(([name, value]) => [
    name,
    checks[name as keyof ServerOptions](name, value as never),
  ])
  const own = Object.fromEntries(checked) as Partial<ResolvedOptions>
  checkTogether(own)
  return { ...defaults, exposeStats: own.allowMisbehaviour ?? defaults.exposeStats, ...own }
}

function checkTogether({
  server,
  path,
  host,
  port,
  tls,
  routes,
  highWaterMarkBytes,
  maxBufferedBytes,
}: Partial<ResolvedOptions>): void {
  if (server !== undefined) {
    if (path === undefined)
      throw new TypeError('path: must be given together with server, received undefined')
    for (const [name, value] of Object.entries({ host, port, tls, routes })) {
      if (value !== undefined) {
        throw new TypeError(`${name}: must be absent together with server, received ${shown(value)}`)
      }
    }
  }
  const high = highWaterMarkBytes ?? defaults.highWaterMarkBytes
  const most = maxBufferedBytes ?? defaults.maxBufferedBytes
  if (most < high) {
    throw new RangeError(`maxBufferedBytes: must be at least highWaterMarkBytes, ${high}, received ${most}`)
  }
}

function checkTls(name: string, tls: unknown): unknown {
  const { cert, key } = (tls ?? {}) as { cert?: unknown; key?: unknown }
  for (const [part, value] of Object.entries({ cert, key })) {
    if ((typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 0) continue
    throw new TypeError(`${name}.${part}: must be PEM text or bytes, received ${secretShape(value)}`)
  }
  return tls
}

/** Tells what kind of thing was given, never the thing: it may be a private key. */
function secretShape(value: unknown): string {
  if (value === undefined) return 'undefined'
  return typeof value === 'string' || Buffer.isBuffer(value) ? 'nothing' : `a value of type ${typeof value}`
}

function checkHost(name: string, server: unknown): unknown {
  if (typeof (server as HttpServer | null)?.on === 'function' && 'listening' in (server as HttpServer))
    return server
  throw new TypeError(`${name}: must be an http.Server or https.Server, received ${shown(server)}`)
}

function checkPath(name: string, path: unknown): string {
  if (typeof path !== 'string') throw new TypeError(`${name}: must be a string, received ${shown(path)}`)
  if (/^\/[^?#\s]*$/.test(path)) return path
  throw new RangeError(`${name}: must start with / and have no ?, # or space, received ${shown(path)}`)
}

function checkProtocols(name: string, protocols: unknown): unknown {
  if (typeof protocols === 'function') return protocols
  if (!Array.isArray(protocols)) {
    throw new TypeError(`${name}: must be an array of names or a function, received ${shown(protocols)}`)
  }
  return protocols.map((protocol: unknown, index) => {
    if (typeof protocol === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(protocol)) return protocol
    throw new RangeError(`${name}[${index}]: must be a token of HTTP, received ${shown(protocol)}`)
  })
}

function checkRoutes(name: string, routes: unknown): unknown {
  if (Array.isArray(routes) && routes.every((route) => typeof route === 'function')) return routes
  throw new TypeError(`${name}: must be an array of functions, received ${shown(routes)}`)
}

function checkSessions(name: string, service: unknown): unknown {
  if (typeof (service as SessionService | null)?.open === 'function') return service
  throw new TypeError(`${name}: must come from sessions(), received ${shown(service)}`)
}

function checkClock(name: string, clock: unknown): unknown {
  if (typeof (clock as Clock | null)?.setTimeout === 'function') return clock
  throw new TypeError(`${name}: must be a Clock, received ${shown(clock)}`)
}

import type { Batching } from './batch.ts'
import { checkBounds } from './client-config.ts'
import type { AckMode } from './exchange.ts'
import { type Limits, checkLimits, defaultLimits } from './limits.ts'
import type { OutboxBounds } from './outbox.ts'

/** Options of a server core; all optional. Times are milliseconds. */
export interface ServerOptions {
  /** Puts several small messages into one frame, for clients that can take that; default: each has its own. */
  readonly batch?: Batching | undefined
  /** What the server accepts; default `defaultLimits`. */
  readonly limits?: Limits
  /** Most messages a session holds for its client; beyond it the session ends. Default 4,096 messages, 8 MiB. */
  readonly bounds?: OutboxBounds
  /** When a message counts as handled; default `received`. */
  readonly ackMode?: AckMode
  /** Writing stops when the socket's buffer plus the next message would exceed this; default 1 MiB. */
  readonly highWaterBytes?: number
  /** The application's own subprotocols that this server speaks; default none. */
  readonly proto?: readonly string[]
  /** How often the server will ping, as told to clients; 0 = never; default 20 s. */
  readonly pingMs?: number
  /** How long a connection may be silent, as told to clients; 0 = for ever; default 60 s. */
  readonly idleMs?: number
  /** How long a session is kept without a connection; default 5 min, at most 7 days. */
  readonly ttlMs?: number
  /** Bound of the clients' random delay after an unplanned loss; default 0 = the client's own. */
  readonly spreadMs?: number
  /** How long a connection may take to say HELLO, and then to be authenticated; default 10 s. */
  readonly helloTimeoutMs?: number
  /** How long an answer to BYE is waited for; default 2 s. */
  readonly byeTimeoutMs?: number
}

/** Options with every default filled in. */
export type ServerConfig = Required<Omit<ServerOptions, 'batch'>> & Pick<ServerOptions, 'batch'>

/** Defaults of `ServerOptions`. */
export const serverDefaults: ServerConfig = {
  limits: defaultLimits,
  bounds: { maxMessages: 4_096, maxBytes: 8_388_608 },
  ackMode: 'received',
  highWaterBytes: 1_048_576,
  proto: [],
  pingMs: 20_000,
  idleMs: 60_000,
  ttlMs: 300_000,
  spreadMs: 0,
  helloTimeoutMs: 10_000,
  byeTimeoutMs: 2_000,
}

const hourMs = 3_600_000

/** Largest value of each time, as clients accept it. */
const timeBounds = {
  pingMs: hourMs,
  idleMs: hourMs,
  ttlMs: 168 * hourMs,
  spreadMs: hourMs,
  helloTimeoutMs: hourMs,
  byeTimeoutMs: hourMs,
} as const

/**
 * Fills in defaults and checks numbers.
 * @throws `RangeError` naming the option, its bound and the value when one is out of range.
 */
export function resolveServerOptions(options: ServerOptions): ServerConfig {
  const config = { ...serverDefaults, ...options }
  checkLimits(config.limits)
  checkBounds(config)
  for (const name of Object.keys(timeBounds) as (keyof typeof timeBounds)[]) {
    const value = config[name]
    if (!Number.isSafeInteger(value) || value < 0 || value > timeBounds[name]) {
      throw new RangeError(
        `${name}: a whole number from 0 to ${timeBounds[name]} is needed, received ${value}`,
      )
    }
  }
  for (const name of ['pingMs', 'idleMs'] as const) {
    if (config[name] > 0 && config[name] < 1_000) {
      throw new RangeError(`${name}: 0, or at least 1000 is needed, received ${config[name]}`)
    }
  }
  return config
}

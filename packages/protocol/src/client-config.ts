import type { Batching } from './batch.ts'
import type { AckMode } from './exchange.ts'
import { type Limits, checkLimits, defaultLimits } from './limits.ts'
import type { OutboxBounds } from './outbox.ts'

/** Options of a client core; every member is optional except the id. */
export interface ClientOptions {
  /** Puts several small messages into one frame, when the server can take that; default: each has its own. */
  readonly batch?: Batching | undefined
  /** Random id of this client instance, 1 to 64 characters; appears in the server's logs. */
  readonly cid: string
  /** What the client calls itself in the server's logs, at most 256 characters. */
  readonly agent?: string
  /** The application's own subprotocols, in order of preference; at most 16. */
  readonly proto?: readonly string[]
  /** What this client accepts; default `defaultLimits`. */
  readonly limits?: Limits
  /** Bound of unacknowledged messages, whatever window the server opens; default 4,096 messages, 8 MiB. */
  readonly bounds?: OutboxBounds
  /** When a message counts as handled; default `received`. */
  readonly ackMode?: AckMode
  /** Writing stops when the socket's buffer plus the next message would exceed this; default 1 MiB. */
  readonly highWaterBytes?: number
}

/** Options with every default filled in. */
export type ClientConfig = Required<Omit<ClientOptions, 'agent' | 'batch'>> &
  Pick<ClientOptions, 'agent' | 'batch'>

/** Defaults of `ClientOptions`. */
export const clientDefaults: Omit<ClientConfig, 'cid'> = {
  proto: [],
  limits: defaultLimits,
  bounds: { maxMessages: 4_096, maxBytes: 8_388_608 },
  ackMode: 'received',
  highWaterBytes: 1_048_576,
}

/**
 * Fills in defaults and checks numbers.
 * @throws `RangeError` naming the option, its bound and the value when one is out of range.
 */
export function resolveClientOptions(options: ClientOptions): ClientConfig {
  const config = { ...clientDefaults, ...options }
  checkLimits(config.limits)
  checkBounds(config)
  if (config.cid.length < 1 || config.cid.length > 64) {
    throw new RangeError(`cid: 1 to 64 characters are needed, received ${config.cid.length}`)
  }
  return config
}

/** Checks what both ends' options have in common. */
export function checkBounds(config: {
  readonly bounds: OutboxBounds
  readonly highWaterBytes: number
}): void {
  for (const [name, value] of [
    ['bounds.maxMessages', config.bounds.maxMessages],
    ['bounds.maxBytes', config.bounds.maxBytes],
    ['highWaterBytes', config.highWaterBytes],
  ] as const) {
    if (!(value >= 1)) throw new RangeError(`${name}: at least 1 is needed, received ${value}`)
  }
}

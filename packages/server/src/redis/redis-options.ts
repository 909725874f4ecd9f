import { callable, flag, integer, knownNames, shown } from '../option-checks.ts'
import type { RedisClient } from './redis-client.ts'

/** The options of `redisStore`. */
export interface RedisStoreOptions {
  /** From `createClient` or `createCluster` of the package `redis`. The store connects it if need be, and never closes it. */
  readonly client: RedisClient
  /** What all keys begin with, the same at every server of a fleet. Default `hf:`. */
  readonly prefix?: string
  /**
   * Says that this Redis forgets nothing: every write is on disk before it is answered (`appendonly yes`, `appendfsync always`), and
   * nothing takes over from it. Then sessions outlive its restarts. Default false: a restart or fail-over of Redis ends every
   * session, and every client is told.
   */
  readonly durable?: boolean
  /**
   * How much longer than `ttlMs` a session is kept after its server was last heard of; servers report three times as often.
   * Default 30,000.
   */
  readonly leaseMs?: number
  /**
   * How long the server that holds a session has to let go of it, when its client has come in at another: within this time all that
   * either end sent arrives once. One that does not answer is fenced off: what it had accepted and not handled comes in again. Default 2,000.
   */
  readonly handOverMs?: number
  /** How long it is remembered how an ended session ended. Default 86,400,000. */
  readonly tombstoneMs?: number
  /**
   * Sessions of one principal at a time, at all servers together; the one longest without a connection is given up for another, and
   * when all have one a new client gets 4429. Default 20; `Infinity`: not counted.
   */
  readonly maxPerPrincipal?: number
  /** Sessions at a time, at all servers together, likewise. Default `Infinity`: not counted, because that takes one key of which all servers write. */
  readonly maxSessions?: number
}

/** All options, checked, with their defaults. */
export type ResolvedRedisOptions = Required<RedisStoreOptions>

const defaults = {
  prefix: 'hf:',
  durable: false,
  leaseMs: 30_000,
  handOverMs: 2_000,
  tombstoneMs: 86_400_000,
  maxPerPrincipal: 20,
  maxSessions: Number.POSITIVE_INFINITY,
} as const

const checks: {
  readonly [Name in keyof Required<RedisStoreOptions>]: (name: string, value: unknown) => unknown
} = {
  client: checkClient,
  prefix: checkPrefix,
  durable: flag,
  leaseMs: (name, value) => integer(name, value, { min: 1_000, max: 3_600_000 }),
  handOverMs: (name, value) => integer(name, value, { min: 0, max: 60_000 }),
  tombstoneMs: (name, value) => integer(name, value, { min: 1_000, max: 604_800_000 }),
  maxPerPrincipal: (name, value) => integer(name, value, { min: 1, max: 1_000_000, orInfinity: true }),
  maxSessions: (name, value) => integer(name, value, { min: 1, max: 10_000_000, orInfinity: true }),
}

/**
 * Checks options and fills in the defaults: the only reader of raw options. One that is `undefined` counts as absent.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function resolveRedisOptions(raw: RedisStoreOptions): ResolvedRedisOptions {
  if (typeof raw !== 'object' || raw === null) {
    throw new TypeError(`options: must be an object, received ${shown(raw)}`)
  }
  knownNames('options', raw, Object.keys(checks))
  checkClient('client', raw.client)
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) checks[name as keyof RedisStoreOptions](name, value)
  return { ...defaults, ...(Object.fromEntries(given) as unknown as RedisStoreOptions) }
}

function checkClient(name: string, client: unknown): unknown {
  const { duplicate, withTypeMapping } = (client ?? {}) as Partial<RedisClient>
  if (typeof duplicate === 'function' && typeof withTypeMapping === 'function') {
    return callable('client.connect', (client as RedisClient).connect)
  }
  throw new TypeError(
    `${name}: must be a client of the package redis, version 5 or newer, received ${shown(client)}`,
  )
}

/** Braces choose the place of a key in a cluster: those of the session must be the only ones. */
function checkPrefix(name: string, prefix: unknown): unknown {
  if (typeof prefix === 'string' && /^[^{}\s]{1,64}$/.test(prefix)) return prefix
  throw new TypeError(
    `${name}: must be 1 to 64 characters without braces and spaces, received ${shown(prefix)}`,
  )
}

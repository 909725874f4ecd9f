import { type Clock, systemClock } from '@holdfast/lifetime'
import { assertMethods, assertNumber, assertOneOf, must } from '../bounds.ts'

/** What happens to a lease when every session is leased and there are `maxSessions`. */
export type WhenExhausted = 'wait' | 'overflow' | 'reject'

/** How a pool behaves. Times in milliseconds, where `Infinity` means never; counts are whole numbers or `Infinity`. */
export interface PoolOptions {
  /** So many sessions are kept even when nobody needs them. Default 0. At most `maxSessions`. */
  readonly minSessions: number
  /** Never more sessions than this, those included that are still closing; overflow comes on top. Default 10. At least 1. */
  readonly maxSessions: number
  /**
   * How many leases of one session may be out at a time. Default 1: a lease is exclusive. Sessions are filled before another
   * one is opened, so with `Infinity` there are `minSessions`, or one.
   */
  readonly maxLeasesPerSession: number
  /** A session of which nobody had a lease for so long is closed, at most a quarter later. Default 60,000. At least 1. */
  readonly idleMs: number
  /** A session this old is replaced once its leases are back; drawn up to a tenth shorter. Default `Infinity`. At least 1. */
  readonly maxLifetimeMs: number
  /**
   * After this long without traffic the server, or a hop on the way, closes a connection. Default `Infinity`: not known.
   * Sets `keepaliveMs`, and where a session cannot ask (a browser without `heartbeat.ping`) one that was idle for longer gets
   * a new connection before it is leased. At least 1.
   */
  readonly serverIdleMs: number
  /**
   * How often every session asks its server for a sign of life, drawn up to a tenth shorter. Default four fifths of
   * `serverIdleMs`; `Infinity`: only as the session's own heartbeat does. Below `serverIdleMs`, at least 1.
   */
  readonly keepaliveMs: number
  /**
   * A session that gave no sign of life for so long (its opening, the answer to a probe) is probed before it is leased.
   * Default 5,000; 0: before every lease; `Infinity`: never.
   */
  readonly validateAfterMs: number
  /** A session that could not connect for so long is given up and replaced when needed. Default 60,000. At least 1. */
  readonly ejectAfterMs: number
  /** How long a lease waits unless it says otherwise. Default 30,000. At least 1. */
  readonly leaseTimeoutMs: number
  /**
   * When all is leased: wait in line (the default), open a short-lived extra session, or fail with `pool-exhausted`. A lease
   * that only waits for a session to connect is not at the limit and waits under every policy.
   */
  readonly whenExhausted: WhenExhausted
  /** How many extra sessions `'overflow'` may open; then leases wait. Default 10. At least 1. */
  readonly maxOverflow: number
  /** How many leases may wait; one more fails with `pool-exhausted`. Default 10,000; 0: none. */
  readonly maxWaiting: number
  /** For how many keys it is remembered which session served them. Default 10,000. At least 2. */
  readonly maxKeys: number
  /** Lets a Node process exit although timers of the pool run. Default `false`. Give it to the sessions as well. */
  readonly unref: boolean
  /** Default: the machine's time. */
  readonly clock: Clock
  /** Gives numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random: () => number
}

/** What applies when an option is left out. `keepaliveMs` follows from `serverIdleMs`. */
export const poolDefaults: PoolOptions = {
  minSessions: 0,
  maxSessions: 10,
  maxLeasesPerSession: 1,
  idleMs: 60_000,
  maxLifetimeMs: Number.POSITIVE_INFINITY,
  serverIdleMs: Number.POSITIVE_INFINITY,
  keepaliveMs: Number.POSITIVE_INFINITY,
  validateAfterMs: 5_000,
  ejectAfterMs: 60_000,
  leaseTimeoutMs: 30_000,
  whenExhausted: 'wait',
  maxOverflow: 10,
  maxWaiting: 10_000,
  maxKeys: 10_000,
  unref: false,
  clock: systemClock,
  random: Math.random,
}

/** The least that a number may be, where that is not 1. */
const least: Partial<Record<keyof PoolOptions, number>> = {
  minSessions: 0,
  validateAfterMs: 0,
  maxWaiting: 0,
  maxKeys: 2,
}

/**
 * Checks options and fills in the defaults: the only reader of raw options.
 * @throws TypeError when something is of the wrong type or unknown
 * @throws RangeError when a value is out of bounds; both name the option, the bound and the value
 */
export function resolvePoolOptions(raw: Partial<PoolOptions>): PoolOptions {
  must(raw && typeof raw === 'object', TypeError, 'pool options', 'an object', raw)
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  const names = Object.keys(poolDefaults)
  for (const [name] of given) assertOneOf(`unknown option pool.${name}`, name, names, TypeError)
  const own = Object.fromEntries(given) as Partial<PoolOptions>
  for (const [name, value] of given) assertAlike(name as keyof PoolOptions, value)
  const { serverIdleMs = poolDefaults.serverIdleMs } = own
  const settings = { ...poolDefaults, keepaliveMs: Math.max(1, serverIdleMs * 0.8), ...own }
  assertNumber('pool.maxSessions', settings.maxSessions, Math.max(1, settings.minSessions))
  if (serverIdleMs !== Number.POSITIVE_INFINITY) {
    assertNumber('pool.keepaliveMs', settings.keepaliveMs, 1, serverIdleMs)
  }
  assertOneOf('pool.whenExhausted', settings.whenExhausted, ['wait', 'overflow', 'reject'])
  assertMethods('pool.clock', settings.clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  return settings
}

/** Checks that a value is what the default is, and of a number its bounds. */
function assertAlike(option: keyof PoolOptions, value: unknown): void {
  const name = `pool.${option}`
  const type = typeof poolDefaults[option]
  if (type !== 'number') return must(typeof value === type, TypeError, name, `a ${type}`, value)
  assertNumber(name, value, least[option] ?? 1)
  if (option.endsWith('Ms') || value === Number.POSITIVE_INFINITY) return
  must(Number.isInteger(value), RangeError, name, 'a whole number', value)
}

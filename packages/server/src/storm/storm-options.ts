import { integer, knownNames, oneOf, shown } from '../option-checks.ts'
import { type ClientPolicy, clientPolicies, type ClientPolicyName } from './client-policy.ts'

/** What a simulated server does with more clients than it can serve. */
export type ServerModel =
  /** The admission of this package: a short line, and a moment of its own for everyone else. */
  | 'admission'
  /** Takes everyone in, and serves also those who have left meanwhile: what most servers do. */
  | 'queue'
  /** Takes everyone in, and notices who has left. */
  | 'queue-drops-abandoned'

/** A storm to simulate. All are optional. */
export interface StormOptions {
  /** Clients that were connected. Default 100,000; at most 1,000,000. */
  readonly clients?: number
  /** Handshakes the server can take per second. Default 2,000. */
  readonly capacityPerS?: number
  /** How long nobody listens after all connections were cut, in milliseconds. Default 10,000; 0: the server stayed up. */
  readonly downMs?: number
  /**
   * A planned end instead of a cut: every client leaves at a random moment within so many milliseconds, and comes to a server
   * that is up. Not with `downMs`. Default: none.
   */
  readonly drainMs?: number
  /** How long a client waits for its handshake. Default 10,000. */
  readonly timeoutMs?: number
  /** What the clients do: a name, or a policy of your own. Default `holdfast`. */
  readonly policy?: ClientPolicyName | ClientPolicy
  /** What the server does. Default `admission`. */
  readonly server?: ServerModel
  /** Where the simulation stops, in milliseconds after the server is up. Default 3,000,000. */
  readonly horizonMs?: number
  /** Makes a run repeatable. Default 1. */
  readonly seed?: number
}

/** All options, checked, with their defaults. */
export interface ResolvedStorm extends Omit<Required<StormOptions>, 'policy' | 'drainMs'> {
  readonly policy: ClientPolicy
  readonly drainMs: number | undefined
}

/** The models of a server that can be simulated. */
export const serverModels = ['admission', 'queue', 'queue-drops-abandoned'] as const satisfies ServerModel[]

const defaults = {
  clients: 100_000,
  capacityPerS: 2_000,
  downMs: 10_000,
  timeoutMs: 10_000,
  policy: 'holdfast',
  server: 'admission',
  horizonMs: 3_000_000,
  seed: 1,
} as const satisfies StormOptions

const HOUR_MS = 3_600_000

const checks: { readonly [Name in keyof Required<StormOptions>]: (name: string, value: never) => unknown } = {
  clients: (name, value) => integer(name, value, { min: 1, max: 1_000_000 }),
  capacityPerS: (name, value) => integer(name, value, { min: 1, max: 1_000_000 }),
  downMs: (name, value) => integer(name, value, { min: 0, max: HOUR_MS }),
  drainMs: (name, value) => integer(name, value, { min: 0, max: HOUR_MS }),
  timeoutMs: (name, value) => integer(name, value, { min: 1, max: HOUR_MS }),
  policy: checkPolicy,
  server: (name, value) => oneOf(name, value, serverModels),
  horizonMs: (name, value) => integer(name, value, { min: 1_000, max: 10 * HOUR_MS }),
  seed: (name, value) => integer(name, value, { min: 0, max: 2 ** 31 - 1 }),
}

/**
 * Checks options and fills in the defaults: the only reader of raw options. One that is `undefined` counts as absent.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function resolveStorm(raw: StormOptions): ResolvedStorm {
  knownNames('options', raw, Object.keys(checks))
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) checks[name as keyof StormOptions](name, value as never)
  const own = Object.fromEntries(given) as StormOptions
  if (own.drainMs !== undefined && own.downMs !== undefined && own.downMs !== 0) {
    throw new TypeError(`downMs: must be absent together with drainMs, received ${own.downMs}`)
  }
  const { policy, ...rest } = { ...defaults, ...(own.drainMs === undefined ? {} : { downMs: 0 }), ...own }
  return {
    ...rest,
    drainMs: own.drainMs,
    policy: typeof policy === 'string' ? clientPolicies[policy] : policy,
  }
}

function checkPolicy(name: string, policy: unknown): unknown {
  if (typeof policy === 'string') return oneOf(name, policy, Object.keys(clientPolicies))
  if (typeof (policy as ClientPolicy | null)?.delayMs === 'function') return policy
  throw new TypeError(`${name}: must be a name or a policy with delayMs, received ${shown(policy)}`)
}

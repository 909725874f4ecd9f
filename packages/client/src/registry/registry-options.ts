import { type Clock, systemClock } from '@holdfast/lifetime'
import { assertMethods, assertNumber, assertOneOf, must } from '../bounds.ts'
import type { Trace } from './connection-trace.ts'

/** How a registry behaves. */
export interface RegistryOptions<Key> {
  /**
   * How long a session that nobody holds any more is kept, in milliseconds, so that whoever comes back gets the same one.
   * Default 500; 0: until the next timer, which is enough for React's StrictMode; `Infinity`: until the registry ends.
   */
  readonly lingerMs: number
  /**
   * Called for every connection of every session when it opens, and for every `acquire` that finds one open. What it gives back
   * is disposed once: when that connection ends, for whatever reason; for a reuse also when its lease is released first.
   */
  readonly trace: Trace<Key> | undefined
  /** Lets a Node process exit although a session lingers. Default `false`. Give it to the sessions as well. */
  readonly unref: boolean
  /** Default: the machine's time. */
  readonly clock: Clock
}

/** What applies when an option is left out. */
export const registryDefaults: RegistryOptions<unknown> = {
  lingerMs: 500,
  trace: undefined,
  unref: false,
  clock: systemClock,
}

/**
 * Checks options and fills in the defaults: the only reader of raw options.
 * @throws TypeError when something is of the wrong type or unknown
 * @throws RangeError when a value is out of bounds; both name the option, the bound and the value
 */
export function resolveRegistryOptions<Key>(raw: Partial<RegistryOptions<Key>>): RegistryOptions<Key> {
  must(raw && typeof raw === 'object', TypeError, 'registry options', 'an object', raw)
  const given = Object.entries(raw).filter(([, value]) => value !== undefined)
  const names = Object.keys(registryDefaults)
  for (const [name] of given) assertOneOf(`unknown option registry.${name}`, name, names, TypeError)
  const settings = { ...registryDefaults, ...Object.fromEntries(given) } as RegistryOptions<Key>
  const { lingerMs, trace, unref, clock } = settings
  assertNumber('registry.lingerMs', lingerMs, 0)
  must(trace === undefined || typeof trace === 'function', TypeError, 'registry.trace', 'a function', trace)
  must(typeof unref === 'boolean', TypeError, 'registry.unref', 'a boolean', unref)
  assertMethods('registry.clock', clock, ['now', 'monotonicMs', 'setTimeout', 'clearTimeout'])
  return settings
}

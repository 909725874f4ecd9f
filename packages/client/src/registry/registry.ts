import { unrefClock } from '@holdfast/lifetime'
import { must } from '../bounds.ts'
import type { Session } from '../session.ts'
import { LiveRegistry } from './live-registry.ts'
import { type RegistryOptions, resolveRegistryOptions } from './registry-options.ts'
import type { SessionRegistry } from './session-registry.ts'

/**
 * Makes a registry: sessions by key and name, shared by whoever acquires them, and closed when the last one gave them back.
 *
 * @param open makes the session of a key and a name, each time a new one; the registry owns it from then on
 * @param options see `RegistryOptions`; everything is optional
 * @throws TypeError when an option is of the wrong kind or unknown, RangeError when it is out of bounds
 * @example
 * const sessions = registry((user: string) => connect(`wss://chat.example/live/${user}`))
 * const lease = sessions.acquire('ada')
 * lease.session.send('hello')
 * lease.release()
 */
export function registry<Key>(
  open: (key: Key, name: string) => Session,
  options: Partial<RegistryOptions<Key>> = {},
): SessionRegistry<Key> {
  must(typeof open === 'function', TypeError, 'registry.open', 'a function', open)
  const settings = resolveRegistryOptions(options)
  const { clock, unref } = settings
  return new LiveRegistry(open, { ...settings, clock: unref ? unrefClock(clock) : clock })
}

import { unrefClock } from '@holdfast/lifetime'
import { must } from '../bounds.ts'
import type { Session } from '../session.ts'
import { LivePool } from './live-pool.ts'
import { type PoolOptions, resolvePoolOptions } from './pool-options.ts'
import type { SessionPool } from './session-pool.ts'

/**
 * Makes a pool of sessions, and opens `minSessions` of them.
 *
 * @param open makes one more session, each time a new one; the pool owns it from then on
 * @param options see `PoolOptions`; everything is optional
 * @throws TypeError when an option is of the wrong kind or unknown, RangeError when it is out of bounds
 * @example
 * const sessions = pool(() => connect('wss://chat.example/live'), { maxSessions: 4 })
 * const lease = await sessions.lease({ timeoutMs: 5_000 })
 * lease.session.send('hello')
 * lease.release()
 */
export function pool(open: () => Session, options: Partial<PoolOptions> = {}): SessionPool {
  must(typeof open === 'function', TypeError, 'pool.open', 'a function', open)
  const settings = resolvePoolOptions(options)
  const { clock, unref } = settings
  return new LivePool(open, { ...settings, clock: unref ? unrefClock(clock) : clock })
}

import type { ListenOptions, Release, Resources, Signal } from '@holdfast/lifetime'
import type { Session } from '../session.ts'
import type { Lease } from './lease.ts'
import type { LeaveReason, PoolStats } from './pool-stats.ts'

/** What to lease, and how long to wait for it. */
export interface LeaseOptions {
  /**
   * Leases with the same key (compared as in a `Map`) get the same session, as long as it has room and is alive; else the key
   * moves to another one. A lease never waits for its session while another could serve. Default: none.
   */
  readonly key?: unknown
  /** How long to wait, in milliseconds. Default `leaseTimeoutMs` of the pool; 0: not beyond the next timer. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait when it aborts; the lease rejects with its reason. No effect on a lease that was handed out. */
  readonly signal?: Signal | undefined
}

/** How to drain. */
export interface DrainOptions {
  /** How long leases may stay out and waiters may be served, in milliseconds; then the pool is disposed. Default `Infinity`. */
  readonly timeoutMs?: number
}

/** Where a pool is. The same object until it changes. */
export type PoolState =
  | { readonly name: 'open' }
  /** `drain()` is under way; it is over at `deadline` (epoch ms, `Infinity`: none) at the latest. */
  | { readonly name: 'draining'; readonly deadline: number }
  | { readonly name: 'closed' }

/** What a pool tells. */
export interface PoolEvents {
  /** A session joined, open or not yet. Those of `minSessions` joined before anybody could listen. */
  readonly joined: { readonly session: Session }
  /** A session left, and why. */
  readonly left: { readonly session: Session; readonly reason: LeaveReason }
  /**
   * `open` threw, or gave no new session, while nobody waited whom it could be told; or a handler threw. Without a handler
   * for it: `reportError`.
   */
  readonly error: { readonly error: unknown }
}

/** A pool of sessions: opens, leases, checks, keeps alive and closes them. Every method is legal in every state and handler. */
export interface SessionPool {
  /** Where the pool is. */
  readonly state: PoolState
  /** Resolves when the pool is closed. Never rejects. */
  readonly closed: Promise<void>
  /** What the pool holds itself; its sessions count their own. All zero once closed. */
  readonly resources: Resources

  /**
   * Leases a session that is open and believed to be alive, at once when there is one, else in the order of the calls.
   *
   * Rejects with a `HoldfastError`: `timeout` when none was free in time, `pool-exhausted` when the limits say so, `no-session`
   * when the sessions opened for it ended before they were ever open, `closed` when the pool drains or is over; or with the
   * reason of the signal.
   * @throws TypeError or RangeError when an option is nothing that can be understood
   */
  lease(options?: LeaseOptions): Promise<Lease>

  /** As `lease`, but gives `undefined` instead of waiting, also when a session has to be checked first. */
  tryLease(key?: unknown): Lease | undefined

  /** Tells what the pool has, and what it did. */
  stats(): PoolStats

  /** Registers a handler and returns its undo. */
  on<Type extends keyof PoolEvents>(
    type: Type,
    handler: (event: PoolEvents[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /**
   * Takes no more requests, serves those that wait, closes each session when its leases are back, and then the pool. A second
   * call changes nothing; all give the promise `closed`.
   * @throws TypeError or RangeError when `timeoutMs` is no number from 0 on
   */
  drain(options?: DrainOptions): Promise<void>

  /** Ends the pool now: those who wait get `closed`, every session is disposed, leased or not. Idempotent, total. */
  dispose(): void

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
  /** `await using`: as `drain()`. Present where the platform has `Symbol.asyncDispose`. */
  [Symbol.asyncDispose](): Promise<void>
}

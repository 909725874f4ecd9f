/** Why a session left its pool. */
export type LeaveReason =
  /** Nobody leased it for `idleMs`. */
  | 'idle'
  /** It was `maxLifetimeMs` old. */
  | 'lifetime'
  /** It was an extra one, and nobody waits any more. */
  | 'overflow'
  /** `lease.eject()` was called. */
  | 'ejected'
  /** It could not connect for `ejectAfterMs`. */
  | 'down'
  /** It stopped trying: paused, or out of attempts. */
  | 'stopped'
  /** It is over: the server ended it for good, or whoever leased it closed it. */
  | 'ended'
  /** The pool drains. */
  | 'drained'
  /** The pool was disposed. */
  | 'disposed'

/** What happened since the pool was made. */
export interface PoolCounters {
  /** Sessions opened. */
  opened: number
  /** Leases handed out; of these, how many had to wait. */
  leased: number
  waited: number
  /** Leases given back. */
  released: number
  /** Leases that nobody got: their time was over; the limit was reached; their signal aborted; no session could be opened. */
  timedOut: number
  rejected: number
  aborted: number
  failed: number
  /** Checks before a lease, by what they found. */
  readonly checks: { alive: number; dead: number; unknown: number }
  /** Sessions that left, by reason. */
  readonly left: { [Reason in LeaveReason]: number }
}

/** What a pool has, and what it did: a copy. */
export interface PoolStats extends Readonly<PoolCounters> {
  /** Sessions, those that are leaving included, and how many of these are extra. */
  readonly sessions: number
  readonly extra: number
  /** Sessions that can take a lease now. */
  readonly free: number
  /** Leases that are out, and requests that wait. */
  readonly leases: number
  readonly waiting: number
}

/** Opens the books. */
export function openCounters(): PoolCounters {
  return {
    opened: 0,
    leased: 0,
    waited: 0,
    released: 0,
    timedOut: 0,
    rejected: 0,
    aborted: 0,
    failed: 0,
    checks: { alive: 0, dead: 0, unknown: 0 },
    left: {
      idle: 0,
      lifetime: 0,
      overflow: 0,
      ejected: 0,
      down: 0,
      stopped: 0,
      ended: 0,
      drained: 0,
      disposed: 0,
    },
  }
}

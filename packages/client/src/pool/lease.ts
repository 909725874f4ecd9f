import { platform, type Signal } from '@holdfast/lifetime'
import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { Member } from './member.ts'

/** A disposable share of a pooled session. The session belongs to the pool: give it back, do not close it. */
export interface Lease {
  /** The session. It was open, and believed to be alive, when the lease was handed out. */
  readonly session: Session
  /**
   * Aborts when the lease is over: released, or its session left the pool. For `session.on(…, { signal })`, so that handlers
   * end with the lease and not with the session.
   */
  readonly signal: Signal
  /** Gives the session back. A second call does nothing; so does one after the pool's end. */
  release(): void
  /** As `release()`, and says that the session is no good: nobody gets it any more, and it is closed when all leases are back. */
  eject(): void
  /** `using lease = await pool.lease()`: as `release()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
}

/** Takes leases back. */
export interface LeaseHost {
  /** Called once for each lease. */
  released(member: Member, fate: 'good' | 'bad'): void
}

/** The lease itself. */
export class PoolLease implements Lease {
  readonly session: Session
  readonly #host: LeaseHost
  readonly #member: Member
  #state: 'out' | 'back' = 'out'
  #signal: Signal | undefined
  #abort: (() => void) | undefined
  declare [Symbol.dispose]: () => void

  constructor(host: LeaseHost, member: Member) {
    this.#host = host
    this.#member = member
    this.session = member.session
  }

  get signal(): Signal {
    return (this.#signal ??= this.#openSignal())
  }

  release(): void {
    this.#giveBack('good')
  }

  eject(): void {
    this.#giveBack('bad')
  }

  #giveBack(fate: 'good' | 'bad'): void {
    if (this.#state === 'back') return
    this.#state = 'back'
    this.#abort?.()
    this.#host.released(this.#member, fate)
  }

  /** Made when asked for: most leases need none. */
  #openSignal(): Signal {
    const controller = new platform.AbortController()
    const abort = () => controller.abort(new HoldfastError('closed', 'lease: over'))
    if (this.#state === 'back') abort()
    else this.#abort = this.#member.whenGone(abort)
    return controller.signal
  }
}

// WebKit and older browsers have no such symbol: there, `using` cannot be written, and this changes nothing.
const { prototype } = PoolLease
prototype[Symbol.dispose ?? 'release'] = prototype.release

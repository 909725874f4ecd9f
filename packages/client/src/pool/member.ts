import type { Scope } from '@holdfast/lifetime'
import type { Cause } from '../cause.ts'
import type { ProbeResult } from '../heartbeat.ts'
import type { Session } from '../session.ts'
import type { Open } from '../state.ts'
import type { Ranked } from './least-pending.ts'
import type { PoolOptions } from './pool-options.ts'
import type { LeaveReason } from './pool-stats.ts'
import type { TurnClock } from './turn-clock.ts'

/**
 * Where a member of a pool is. `down`: without a connection, and seeking one. `checking`: open, and asked whether it is alive.
 * `ready`: open and believed. `leaving`: takes no more leases, and goes when the last one is back. `gone`: out of the pool.
 */
export type Stage = 'down' | 'checking' | 'ready' | 'leaving' | 'gone'

/** How a member left. */
export interface Departure {
  readonly reason: LeaveReason
  /** Why the session stopped or ended, where it did so by itself. */
  readonly cause: Cause | undefined
  /** How long ago it first opened, in milliseconds; 0: it never did. */
  readonly openMs: number
}

/** What a member needs from its pool. */
export interface MemberHost {
  readonly settings: PoolOptions
  readonly turn: TurnClock
  /** The stage changed. Only keeps the books. */
  moved(member: Member, from: Stage): void
  /** It is out of the pool. */
  left(member: Member, departure: Departure): void
  /** A check found this. */
  checked(result: ProbeResult): void
  /** Something happened that may help those who wait. */
  changed(member: Member): void
}

/** Sessions that let go for these come back by themselves, when their page does. */
const asleep: ReadonlySet<Cause['kind']> = new Set(['hidden', 'pagehide'])
/** Leaving for these, a session that is open says goodbye; for others it is not worth waiting for. */
const graceful: ReadonlySet<LeaveReason> = new Set(['idle', 'lifetime', 'overflow', 'drained'])

/** One session in a pool. */
export class Member implements Ranked {
  readonly session: Session
  readonly kind: 'regular' | 'extra'
  leases = 0
  rank = -1
  /** Leases and releases so far, by which a sweep sees whether it was used. */
  uses = 0
  /** When it was leased last, in epoch ms. */
  leasedAt = 0
  readonly #host: MemberHost
  readonly #scope: Scope
  #stage: Stage = 'down'
  #reason: LeaveReason = 'ended'
  #cause: Cause | undefined
  /** The state in which it was found open: another connection is another object. */
  #open: Open | undefined
  #firstOpenAt: number | undefined
  #provenAt = 0
  #forgetDown: () => void = () => {}
  #usesSeen = 0
  #quietSweeps = 0

  constructor(scope: Scope, host: MemberHost, session: Session, kind: 'regular' | 'extra') {
    this.#scope = scope
    this.#host = host
    this.session = session
    this.kind = kind
  }

  /** Where it is. */
  get stage(): Stage {
    return this.#stage
  }

  /** Begins to watch the session. */
  start(): void {
    const { session } = this
    const { maxLifetimeMs, random } = this.#host.settings
    this.#scope.defer(() => session.dispose())
    const undo = session.on('state', () => {
      this.look()
      this.#host.changed(this)
    })
    this.#scope.defer(undo)
    this.#scope.timeout(maxLifetimeMs * (1 - random() / 10), () => {
      this.leave('lifetime')
      this.#host.changed(this)
    })
    this.#keepAlive()
    this.#countDown()
    const { state } = session
    if (state.name === 'idle' && state.cause.kind === 'not-started') session.reconnect()
    this.look()
  }

  /** Tells whether it may be leased now. If not, it is among the ready ones no more. */
  usable(now: number): boolean {
    if (this.session.state !== this.#open) this.look()
    if (this.#stage !== 'ready') return false
    // A clock that was set back proves nothing either.
    if (Math.abs(now - this.#provenAt) <= this.#host.settings.validateAfterMs) return true
    void this.#check()
    return false
  }

  /** Looks at the state of the session, and follows it. */
  look(): void {
    const { state } = this.session
    if (this.#stage === 'leaving' || this.#stage === 'gone') {
      if (state.name === 'closed') this.end(this.#reason)
    } else if (state.name === 'open') this.#opened(state)
    else if (state.name === 'closing') this.#leaving('ended')
    else if (state.name === 'closed') {
      this.#cause = state.cause
      this.end('ended')
    } else if (state.name === 'idle' && !asleep.has(state.cause.kind)) {
      this.#cause = state.cause
      this.leave('stopped')
    } else this.#down()
  }

  /** Takes no more leases, and goes as soon as none is out. */
  leave(reason: LeaveReason): void {
    if (this.#stage === 'leaving' || this.#stage === 'gone') return
    this.#leaving(reason)
    if (this.leases === 0) this.depart()
  }

  /** Lets the session go; the last lease is back. */
  depart(): void {
    if (graceful.has(this.#reason) && this.session.state.name === 'open') void this.session.close()
    else this.session.dispose()
    // Inside a handler of the session's it may not have told yet.
    this.look()
  }

  /** Is out of the pool, now. */
  end(reason: LeaveReason): void {
    if (this.#stage === 'gone') return
    const openMs = this.#firstOpenAt === undefined ? 0 : this.#now - this.#firstOpenAt
    this.#move('gone')
    this.#host.left(this, { reason, cause: this.#cause, openMs })
    this.#scope.end()
  }

  /** Runs `run` when the member is out of the pool, or when the returned function is called. */
  whenGone(run: () => void): () => void {
    return this.#scope.defer(run)
  }

  /** Tells for how many sweeps nobody used it. */
  sweep(): number {
    this.#quietSweeps = this.leases === 0 && this.uses === this.#usesSeen ? this.#quietSweeps + 1 : 0
    this.#usesSeen = this.uses
    return this.#quietSweeps
  }

  get #now(): number {
    return this.#host.turn.now()
  }

  #move(to: Stage): void {
    const from = this.#stage
    if (from === to) return
    this.#stage = to
    this.#host.moved(this, from)
  }

  #leaving(reason: LeaveReason): void {
    this.#reason = reason
    this.#forgetDown()
    this.#move('leaving')
  }

  #opened(state: Open): void {
    if (state === this.#open) return
    this.#open = state
    this.#firstOpenAt ??= this.#now
    this.#proven()
  }

  #proven(): void {
    this.#provenAt = this.#now
    this.#forgetDown()
    this.#move('ready')
  }

  #down(): void {
    if (this.#stage === 'down') return
    this.#move('down')
    this.#countDown()
  }

  #countDown(): void {
    this.#forgetDown = this.#scope.timeout(this.#host.settings.ejectAfterMs, () => {
      this.leave('down')
      this.#host.changed(this)
    })
  }

  async #check(): Promise<void> {
    const open = this.#open
    this.#move('checking')
    const result = await this.#ask()
    this.#host.checked(result)
    // Lost meanwhile, and perhaps open again with a check of its own.
    if (this.#stage !== 'checking' || this.#open !== open) return
    const idleMs = this.#now - Math.max(this.leasedAt, this.#provenAt)
    if (result === 'dead') this.#down()
    else if (result === 'unknown' && idleMs >= this.#host.settings.serverIdleMs) {
      this.session.reconnect({ cause: { kind: 'idle', idleMs } })
    } else this.#proven()
    this.#host.changed(this)
  }

  #keepAlive(): void {
    const { keepaliveMs, random } = this.#host.settings
    this.#scope.timeout(keepaliveMs * (1 - random() / 10), () => {
      this.#keepAlive()
      void this.#refresh()
    })
  }

  async #refresh(): Promise<void> {
    const open = this.#open
    if (open === undefined || this.session.state !== open) return
    const result = await this.#ask()
    if (result === 'alive' && this.session.state === open) this.#provenAt = this.#now
  }

  async #ask(): Promise<ProbeResult> {
    try {
      return await this.session.probe()
    } catch {
      // Sessions never reject here; what is only like a session might, and is not believed then.
      return 'dead'
    }
  }
}

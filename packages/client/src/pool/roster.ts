import type { Scope } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import type { Cause } from '../cause.ts'
import type { ProbeResult } from '../heartbeat.ts'
import type { Session } from '../session.ts'
import { Affinity } from './affinity.ts'
import { LeastPending } from './least-pending.ts'
import { type Departure, Member, type MemberHost, type Stage } from './member.ts'
import { Pace } from './pace.ts'
import type { PoolOptions } from './pool-options.ts'
import type { LeaveReason, PoolCounters } from './pool-stats.ts'
import { TurnClock } from './turn-clock.ts'

/** What a roster tells its pool. */
export interface RosterHost {
  readonly open: () => Session
  readonly settings: PoolOptions
  readonly counters: PoolCounters
  /** A session joined, or left. To be told to the user when the books are in order again. */
  news(session: Session, reason: LeaveReason | undefined): void
  /** A session ended before it was ever open, or none could be made. */
  failed(of: 'open' | 'session', cause: unknown): void
  /** Something happened that may help those who wait. */
  changed(member: Member | undefined): void
}

/** `Infinity` leases of each, as a number of which a sum can be taken. */
const MANY = 2 ** 30
/** Causes of this side's own making: whoever leased a session may close it, and that is no failure. */
const own: ReadonlySet<Cause['kind']> = new Set(['closed', 'disposed', 'aborted', 'paused'])
/** So many sweeps make one `idleMs`. */
const SWEEPS = 4

/** The members of a pool, and the books about them: who can take a lease, and how many more could soon. */
export class Roster implements MemberHost {
  readonly settings: PoolOptions
  readonly turn: TurnClock
  readonly #host: RosterHost
  readonly #scope: Scope
  readonly #slots: number
  readonly #members = new Map<Session, Member>()
  readonly #ready = new LeastPending<Member>()
  readonly #affinity: Affinity<Member>
  readonly #pace: Pace
  /** Leases that members which are `down` or `checking` could take. */
  #coming = 0
  /** Sessions by kind, those that leave and one that is being opened included. */
  readonly #count = { regular: 0, extra: 0 }
  /** Regular members that are not leaving. */
  #staying = 0
  #stopSweeping: () => void = () => {}

  constructor(scope: Scope, host: RosterHost) {
    const { settings } = host
    this.#scope = scope
    this.#host = host
    this.settings = settings
    this.turn = new TurnClock(scope.clock)
    this.#slots = Math.min(settings.maxLeasesPerSession, MANY)
    this.#affinity = new Affinity(settings.maxKeys)
    this.#pace = new Pace(settings.random)
  }

  /** How many sessions there are, those that leave included. */
  get size(): number {
    return this.#count.regular + this.#count.extra
  }

  /** How many of them are extra. */
  get extra(): number {
    return this.#count.extra
  }

  /** How many regular ones stay. */
  get staying(): number {
    return this.#staying
  }

  /** How many can take a lease now. */
  get free(): number {
    return this.#ready.size
  }

  /** How many leases those could take that are not ready yet. */
  get coming(): number {
    return this.#coming
  }

  /** Tells whether `maxSessions` are there, those included that leave and are not over. */
  get full(): boolean {
    return this.#count.regular >= this.settings.maxSessions
  }

  /** How long to wait before another session is opened. */
  get paceMs(): number {
    return this.#pace.leftMs(this.turn.now())
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#members.values()
  }

  /** Finds a session for a lease: the one that served the key last, else the least pending. Doubtful ones are checked. */
  pick(key: unknown): Member | undefined {
    const now = this.turn.now()
    const kept = key === undefined ? undefined : this.#affinity.find(key)
    if (kept && kept.rank !== -1 && kept.usable(now)) return kept
    for (let least = this.#ready.least; least; least = this.#ready.least) {
      if (least.usable(now)) return least
    }
    return undefined
  }

  /** Notes a lease of a member that `pick` gave. */
  lease(member: Member, key: unknown): void {
    this.#ready.remove(member)
    member.leases += 1
    member.uses += 1
    member.leasedAt = this.turn.now()
    if (member.leases < this.#slots) this.#ready.add(member)
    if (key !== undefined) this.#affinity.keep(key, member)
  }

  /** Notes that a lease is back. */
  release(member: Member): void {
    const { stage } = member
    this.#ready.remove(member)
    member.leases -= 1
    member.uses += 1
    if (stage === 'ready') this.#ready.add(member)
    else if (stage === 'down' || stage === 'checking') this.#coming += 1
    else if (stage === 'leaving' && member.leases === 0) member.depart()
  }

  /** Opens one more. What goes wrong is told to the pool. */
  open(kind: 'regular' | 'extra'): void {
    // Its place is taken before the user's code runs, which may ask for a lease.
    const vacate = this.#reserve(kind)
    let session: Session
    try {
      session = this.#host.open()
      assertMethods('open()', Object(session) as object, ['on', 'probe', 'reconnect', 'close', 'dispose'])
      must(!this.#members.has(session), RangeError, 'open()', 'a new session each time', 'one of the pool')
    } catch (error) {
      vacate()
      this.#pace.ended(this.turn.now(), 0)
      this.#host.failed('open', error)
      return
    }
    this.#host.counters.opened += 1
    const member = new Member(this.#scope.child(), this, session, kind)
    this.#members.set(session, member)
    if (this.#members.size === 1) this.#sweepLater()
    this.#host.news(session, undefined)
    member.start()
  }

  moved(member: Member, from: Stage): void {
    const room = this.#slots - member.leases
    const { stage } = member
    if (from === 'ready') this.#ready.remove(member)
    else if (from !== 'leaving') this.#coming -= room
    if (stage === 'ready' && room > 0) this.#ready.add(member)
    else if (stage === 'down' || stage === 'checking') this.#coming += room
    else if (stage !== 'ready' && from !== 'leaving' && member.kind === 'regular') this.#staying -= 1
  }

  left(member: Member, { reason, cause, openMs }: Departure): void {
    const { session } = member
    this.#members.delete(session)
    if (this.#members.size === 0) this.#stopSweeping()
    this.#affinity.forget(member)
    this.#count[member.kind] -= 1
    this.#host.counters.left[reason] += 1
    if (reason === 'down' || (cause && !own.has(cause.kind))) this.#pace.ended(this.turn.now(), openMs)
    if (openMs === 0 && cause) this.#host.failed('session', cause)
    this.#host.news(session, reason)
  }

  checked(result: ProbeResult): void {
    this.#host.counters.checks[result] += 1
  }

  changed(member: Member): void {
    this.#host.changed(member)
  }

  #reserve(kind: 'regular' | 'extra'): () => void {
    const add = (one: 1 | -1) => {
      this.#count[kind] += one
      this.#coming += one * this.#slots
      if (kind === 'regular') this.#staying += one
    }
    add(1)
    return () => add(-1)
  }

  /** Looks from time to time for sessions that nobody needs, for as long as there are any. */
  #sweepLater(): void {
    this.#stopSweeping()
    if (this.#members.size === 0) return
    this.#stopSweeping = this.#scope.timeout(this.settings.idleMs / SWEEPS, () => {
      for (const member of this.#members.values()) {
        const surplus = member.kind === 'extra' || this.#staying > this.settings.minSessions
        if (member.sweep() >= SWEEPS && surplus) member.leave('idle')
      }
      this.#sweepLater()
      this.#host.changed(undefined)
    })
  }
}

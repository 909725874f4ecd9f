import { Emitter, type Resources, Scope, surface } from '@holdfast/lifetime'
import { assertMethods, assertNumber, assertOneOf } from '../bounds.ts'
import type { Cause } from '../cause.ts'
import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'
import { type Lease, type LeaseHost, PoolLease } from './lease.ts'
import type { Member } from './member.ts'
import type { PoolOptions } from './pool-options.ts'
import { type LeaveReason, openCounters, type PoolCounters, type PoolStats } from './pool-stats.ts'
import { Roster, type RosterHost } from './roster.ts'
import type { DrainOptions, LeaseOptions, PoolEvents, PoolState, SessionPool } from './session-pool.ts'
import { poolClosed, Waiters, type Wish } from './waiters.ts'

/** Why no session came: `open` threw, or the session ended before it was ever open. */
interface Failure {
  readonly of: 'open' | 'session'
  readonly cause: unknown
}

/** The pool itself: who waits, what they get, and when another session is opened. `#end` is the only way out. */
export class LivePool implements SessionPool, RosterHost, LeaseHost {
  readonly closed: Promise<void>
  readonly open: () => Session
  readonly settings: PoolOptions
  readonly counters: PoolCounters = openCounters()
  readonly on: SessionPool['on'] = (type, handler, options) => this.#events.on(type, handler, options)
  readonly #scope: Scope
  readonly #events: Emitter<PoolEvents>
  readonly #waiters: Waiters
  readonly #roster: Roster
  readonly #plainWish: Wish
  #state: PoolState = { name: 'open' }
  /** What is to be told when the books are in order. */
  #news: (() => void)[] = []
  /** Why no session came, until somebody is told. */
  #failure: Failure | undefined
  /** The wait before another session is opened. */
  #stopPause: () => void = () => {}
  declare [Symbol.dispose]: () => void
  declare [Symbol.asyncDispose]: () => Promise<void>

  constructor(open: () => Session, settings: PoolOptions) {
    this.open = open
    this.settings = settings
    this.#plainWish = { key: undefined, timeoutMs: settings.leaseTimeoutMs, signal: undefined }
    this.#scope = new Scope(settings.clock)
    // Scopes end newest first: the listeners outlive everything of which they are told.
    const ears = this.#scope.child()
    this.#events = new Emitter(ears, (error, type) => {
      if (type === 'error') surface(error)
      else this.#report(error)
    })
    this.closed = new Promise((resolve) =>
      this.#scope.defer(() => {
        this.#tell()
        resolve()
      }),
    )
    this.#waiters = new Waiters(this.#scope, (vain) => {
      this.counters[vain] += 1
      this.changed(undefined)
    })
    this.#roster = new Roster(this.#scope, this)
    this.changed(undefined)
  }

  get state(): PoolState {
    return this.#state
  }

  get resources(): Resources {
    return { ...this.#scope.ledger }
  }

  lease(options?: LeaseOptions): Promise<Lease> {
    const wish = options === undefined ? this.#plainWish : this.#wish(options)
    const { signal } = wish
    // Whatever the reason is, it is the caller's own.
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the reason of a signal may be anything
    if (signal?.aborted) return Promise.reject(signal.reason)
    const lease = this.tryLease(wish.key)
    return lease ? Promise.resolve(lease) : this.#wait(wish)
  }

  tryLease(key?: unknown): Lease | undefined {
    if (this.#state.name !== 'open' || this.#waiters.size > 0) return undefined
    const member = this.#roster.pick(key)
    return member && this.#grant(member, key)
  }

  stats(): PoolStats {
    const { size: sessions, extra, free } = this.#roster
    const { checks, left, ...counters } = this.counters
    const leases = counters.leased - counters.released
    const now = { sessions, extra, free, leases, waiting: this.#waiters.size }
    return { ...counters, checks: { ...checks }, left: { ...left }, ...now }
  }

  drain({ timeoutMs = Number.POSITIVE_INFINITY }: DrainOptions = {}): Promise<void> {
    assertNumber('drain.timeoutMs', timeoutMs, 0)
    if (this.#state.name === 'open') {
      this.#state = { name: 'draining', deadline: this.settings.clock.now() + timeoutMs }
      this.#scope.timeout(timeoutMs, () => this.#end())
      this.changed(undefined)
    }
    return this.closed
  }

  dispose(): void {
    this.#end()
  }

  /** As `LeaseHost.released`. */
  released(member: Member, fate: 'good' | 'bad'): void {
    this.counters.released += 1
    this.#roster.release(member)
    if (fate === 'bad') member.leave('ejected')
    const restless = this.#waiters.size > 0 || this.#state.name !== 'open' || member.kind === 'extra'
    if (restless || member.stage !== 'ready') this.changed(member)
  }

  /** As `RosterHost.news`. */
  news(session: Session, reason: LeaveReason | undefined): void {
    this.#news.push(() => {
      if (reason) void this.#events.emit('left', { session, reason })
      else void this.#events.emit('joined', { session })
    })
  }

  /** As `RosterHost.failed`. */
  failed(of: 'open' | 'session', cause: unknown): void {
    this.#failure = { of, cause }
  }

  /** As `RosterHost.changed`: serves who can be served, lets go what is too much, and opens what is too little. */
  changed(member: Member | undefined): void {
    if (this.#state.name === 'closed') return
    this.#serve()
    this.#letGo(member)
    this.#giveUp()
    this.#provide()
    this.#tell()
    if (this.#state.name === 'draining' && this.#roster.size + this.#waiters.size === 0) this.#end()
  }

  #wish({ key, timeoutMs = this.settings.leaseTimeoutMs, signal, ...unknown }: LeaseOptions): Wish {
    for (const name of Object.keys(unknown)) {
      assertOneOf(`unknown option lease.${name}`, name, ['key', 'timeoutMs', 'signal'], TypeError)
    }
    assertNumber('lease.timeoutMs', timeoutMs, 0)
    assertMethods('lease.signal', signal, ['addEventListener', 'removeEventListener'])
    return { key, timeoutMs, signal }
  }

  #grant(member: Member, key: unknown): Lease {
    this.counters.leased += 1
    this.#roster.lease(member, key)
    return new PoolLease(this, member)
  }

  #wait(wish: Wish): Promise<Lease> {
    const { name } = this.#state
    if (name !== 'open') return Promise.reject(poolClosed(name === 'closed' ? 'disposed' : name))
    const { maxWaiting, whenExhausted } = this.settings
    const exhausted = this.#roster.full && this.#roster.coming <= this.#waiters.size
    if (this.#waiters.size >= maxWaiting || (whenExhausted === 'reject' && exhausted)) {
      this.counters.rejected += 1
      return Promise.reject(new HoldfastError('pool-exhausted', `lease: none free; ${this.#situation()}`))
    }
    const promise = this.#waiters.add(wish, () => {
      const message = `lease: none free within ${wish.timeoutMs} ms; ${this.#situation()}`
      return new HoldfastError('timeout', message)
    })
    this.changed(undefined)
    return promise
  }

  #situation(): string {
    const { sessions, leases, waiting } = this.stats()
    return `${sessions} sessions of at most ${this.settings.maxSessions}, ${leases} leases out, ${waiting} waiting`
  }

  #serve(): void {
    for (let first = this.#waiters.first; first; first = this.#waiters.first) {
      const member = this.#roster.pick(first.key)
      if (!member) return
      // Looking for one may have ended sessions, whose handlers may have called us.
      if (first !== this.#waiters.first) continue
      this.counters.waited += 1
      this.#waiters.serve(this.#grant(member, first.key))
    }
  }

  #letGo(member: Member | undefined): void {
    if (this.#waiters.size > 0) return
    if (this.#state.name === 'draining') {
      for (const each of this.#roster) if (each.leases === 0) each.leave('drained')
    } else if (member?.kind === 'extra' && member.leases === 0 && member.stage === 'ready') {
      member.leave('overflow')
    }
  }

  /** When every session failed before it was open, waiting on would only end in a timeout that says less. */
  #giveUp(): void {
    const failure = this.#failure
    if (!failure) return
    this.#failure = undefined
    const { of, cause } = failure
    if (this.#waiters.size > 0 && this.#roster.size === 0) {
      const why = of === 'open' ? 'open() failed' : (cause as Cause).kind
      this.#waiters.failAll(() => new HoldfastError('no-session', `lease: no session; ${why}`, { cause }))
    } else if (of === 'open') this.#report(cause)
  }

  #provide(): void {
    const { minSessions, whenExhausted, maxOverflow } = this.settings
    const roster = this.#roster
    for (;;) {
      const isShort = this.#waiters.size > roster.coming
      const isFew = this.#state.name === 'open' && roster.staying < minSessions
      if (!isShort && !isFew) return
      if (roster.full && !(isShort && whenExhausted === 'overflow' && roster.extra < maxOverflow)) return
      if (roster.paceMs > 0) {
        this.#stopPause()
        this.#stopPause = this.#scope.timeout(roster.paceMs, () => this.changed(undefined))
        return
      }
      roster.open(roster.full ? 'extra' : 'regular')
      this.#giveUp()
      this.#serve()
    }
  }

  #report(error: unknown): void {
    this.#news.push(() => {
      if (this.#events.has('error')) void this.#events.emit('error', { error })
      else surface(error)
    })
  }

  #tell(): void {
    for (let tell = this.#news.shift(); tell; tell = this.#news.shift()) tell()
  }

  #end(): void {
    if (this.#state.name === 'closed') return
    this.#state = { name: 'closed' }
    for (const member of this.#roster) member.end('disposed')
    this.#scope.end()
  }
}

// WebKit and older browsers have no such symbols: there, `using` cannot be written, and these lines change nothing.
const { prototype } = LivePool
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose
prototype[Symbol.asyncDispose ?? 'drain'] = prototype.drain

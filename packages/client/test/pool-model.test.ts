import fc from 'fast-check'
import { expect, it } from 'vitest'
import { connect, isHoldfastError, type Session } from '../src/index.ts'
import { type Lease, type PoolOptions, pool, type SessionPool } from '../src/pool/index.ts'
import { fakeServer, ManualClock, type ServerSocket } from '../src/testing/index.ts'
import { canAsk, endPool } from './pool-world.ts'

const acts = [
  'lease',
  'release',
  'eject',
  'abort',
  'cut',
  'goodbye',
  'freeze',
  'accept',
  'refuse',
  'hang',
  'holderPauses',
  'holderCloses',
  'holderDisposes',
  'sleep',
] as const

const step = fc.record({
  act: fc.oneof(
    { weight: 3, arbitrary: fc.constant('lease' as const) },
    { weight: 2, arbitrary: fc.constant('release' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...acts) },
  ),
  which: fc.nat(5),
  key: fc.option(fc.nat(2), { nil: undefined }),
  timeoutMs: fc.constantFrom(0, 100, 3_000, 30_000),
  thenMs: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(8_000)),
  /** Where it is done: at once, or when the user's code runs there next. */
  at: fc.oneof(
    { weight: 4, arbitrary: fc.constant('step' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('joined' as const, 'left' as const, 'state' as const, 'open' as const),
    },
  ),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const settings = fc
  .record({
    minSessions: fc.nat(2),
    spare: fc.nat(2),
    maxLeasesPerSession: fc.constantFrom(1, 1, 2, Number.POSITIVE_INFINITY),
    whenExhausted: fc.constantFrom('wait' as const, 'overflow' as const, 'reject' as const),
    maxOverflow: fc.constantFrom(1, 2),
    validateAfterMs: fc.constantFrom(0, 1_000, 5_000),
    idleMs: fc.constantFrom(4_000, 60_000),
    maxLifetimeMs: fc.constantFrom(15_000, Number.POSITIVE_INFINITY),
    keepaliveMs: fc.constantFrom(2_000, Number.POSITIVE_INFINITY),
    ejectAfterMs: fc.constantFrom(5_000, 60_000),
    maxWaiting: fc.constantFrom(3, 10_000),
  })
  .map(({ spare, ...options }) => ({ ...options, maxSessions: Math.max(1, options.minSessions + spare) }))

/** A request for a lease as the model sees it: in line until it was settled, once. */
interface Asked {
  readonly n: number
  readonly controller: AbortController
}

/** Plays steps on a pool, and beside it keeps the line and the leases as a model would. */
class Play {
  readonly clock = new ManualClock()
  readonly pool: SessionPool
  readonly sessions: Session[] = []
  readonly errors: unknown[] = []
  /** What was wrong; a continuation cannot throw it. */
  readonly wrong: unknown[] = []
  readonly #options: Omit<
    PoolOptions,
    'clock' | 'random' | 'serverIdleMs' | 'leaseTimeoutMs' | 'maxKeys' | 'unref'
  >
  readonly #server = fakeServer({ clock: this.clock, latencyMs: 5, onDial: () => this.#onDial })
  readonly #lineOf = new Map<Session, ServerSocket>()
  readonly #frozenAt = new Map<ServerSocket, number>()
  readonly #line: Asked[] = []
  readonly #out: Lease[] = []
  #onDial: 'accept' | 'refuse' | 'hang' = 'accept'
  readonly #plans = new Map<string, Step[]>()
  #depth = 0
  #mode: 'keep' | 'giveBack' = 'keep'
  #asked = 0
  #dice: number

  constructor(options: typeof settings extends fc.Arbitrary<infer T> ? T : never, seed: number) {
    this.#options = options
    this.#dice = seed
    this.#server.onConnection((socket) =>
      socket.onMessage((message) => {
        if (message === 'ping') socket.send('pong')
      }),
    )
    this.pool = pool(() => this.#open(), { clock: this.clock, random: () => this.#random(), ...options })
    for (const type of ['joined', 'left'] as const) this.pool.on(type, () => this.#at(type))
  }

  get waiting(): number {
    return this.#line.length
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      if (each.at === 'step') this.#do(each)
      else this.#plans.set(each.at, [...(this.#plans.get(each.at) ?? []), each])
      this.#look('inside')
      await this.clock.advance(each.thenMs)
      this.#look('after')
    }
  }

  /** Ends all trouble, and gives back whatever is leased. */
  async calm(): Promise<void> {
    this.#onDial = 'accept'
    this.#mode = 'giveBack'
    this.#plans.clear()
    for (const lease of this.#out.splice(0)) lease.release()
    await this.clock.advance(60_000)
    this.#look('after')
  }

  ask(key: unknown, timeoutMs: number): Promise<Lease> {
    const asked: Asked = { n: this.#asked++, controller: new AbortController() }
    this.#line.push(asked)
    const lease = this.pool.lease({ key, timeoutMs, signal: asked.controller.signal })
    const settle = () => {
      const at = this.#line.indexOf(asked)
      if (at === -1) this.wrong.push(['settled twice', asked.n])
      this.#line.splice(at, 1)
      return at
    }
    lease.then(
      (got) => {
        // Others in line that are settled at this moment were asked for earlier and heard of it earlier.
        if (settle() !== 0) this.wrong.push(['overtook', asked.n, this.#line.map(({ n }) => n)])
        this.#granted(got)
      },
      (error: unknown) => {
        settle()
        this.errors.push(error)
      },
    )
    return lease
  }

  #granted(lease: Lease): void {
    const { session } = lease
    this.#out.push(lease)
    const line = this.#lineOf.get(session)
    const sinceMs = this.clock.now() - ((line && this.#frozenAt.get(line)) ?? this.clock.now())
    const shares = this.#out.filter((other) => other.session === session).length
    if (session.state.name !== 'open') this.wrong.push(['dead', session.state])
    if (sinceMs > this.#options.validateAfterMs) this.wrong.push(['frozen for', sinceMs])
    if (shares > this.#options.maxLeasesPerSession) this.wrong.push(['shared by', shares])
    if (this.#mode === 'giveBack') {
      this.#out.pop()
      lease.release()
    }
  }

  #open(): Session {
    const session: Session = connect('ws://server.test/', {
      clock: this.clock,
      random: () => this.#random(),
      backoff: { capMs: 5_000 },
      ...canAsk,
      createSocket: (...args) => {
        const end = this.#server.createSocket(...args)
        // The end of a connection in memory knows its other end.
        this.#lineOf.set(session, (end as unknown as { readonly server: ServerSocket }).server)
        return end
      },
    })
    this.sessions.push(session)
    session.on('state', () => this.#at('state'))
    this.#at('open')
    return session
  }

  /** Does what was planned for this place, as a handler of the user's would. */
  #at(place: Step['at']): void {
    const planned = this.#plans.get(place)?.shift()
    if (planned === undefined || this.#depth > 2) return
    this.#depth += 1
    this.#do(planned)
    this.#depth -= 1
  }

  #random(): number {
    this.#dice = (this.#dice * 1_103_515_245 + 12_345) & 0x7fffffff
    return this.#dice / 0x80000000
  }

  #do({ act, which, key, timeoutMs, thenMs }: Step): void {
    const connections = this.#server.sockets.filter(({ closed }) => closed === undefined)
    const socket = connections[which % Math.max(1, connections.length)]
    const lease = this.#out[which % Math.max(1, this.#out.length)]
    if (act === 'lease') void this.ask(key, timeoutMs).catch(() => {})
    else if (act === 'abort') this.#line[which]?.controller.abort('mine')
    else if (act === 'cut') socket?.cut()
    else if (act === 'goodbye') socket?.close(1000)
    else if (act === 'freeze' && socket) {
      socket.freeze()
      if (!this.#frozenAt.has(socket)) this.#frozenAt.set(socket, this.clock.now())
    } else if (act === 'sleep') this.clock.jump(thenMs * 10)
    else if (act === 'accept' || act === 'refuse' || act === 'hang') this.#onDial = act
    else if (lease) this.#holder(act, lease)
  }

  #holder(act: Step['act'], lease: Lease): void {
    if (act === 'holderPauses') lease.session.pause()
    else if (act === 'holderCloses') void lease.session.close()
    else if (act === 'holderDisposes') lease.session.dispose()
    else if (act === 'release' || act === 'eject') {
      this.#out.splice(this.#out.indexOf(lease), 1)
      lease[act]()
      lease[act]()
    }
  }

  /** @param when `inside` a turn the continuations of what was granted have not run yet */
  #look(when: 'inside' | 'after'): void {
    expect(this.wrong).toEqual([])
    const { maxSessions, maxOverflow, whenExhausted } = this.#options
    const stats = this.pool.stats()
    const living = this.sessions.filter(({ state }) => state.name !== 'closed').length
    expect(living).toBeLessThanOrEqual(maxSessions + (whenExhausted === 'overflow' ? maxOverflow : 0))
    expect(stats.sessions).toBe(living)
    if (stats.waiting > 0) expect(stats.free).toBe(0)
    if (when === 'inside') return
    expect(stats.waiting).toBe(this.#line.length)
    expect(stats.leases).toBe(this.#out.length)
  }
}

const codes = ['timeout', 'pool-exhausted', 'no-session', 'closed']

it('a pool never leases a dead session, keeps the order and the limits, loses nobody who waits, and ends with nothing', async () => {
  const ends = fc.constantFrom('dispose', 'drain', 'drainThenDispose')
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { maxLength: 40 }),
      fc.array(step, { maxLength: 4 }),
      ends,
      fc.nat(),
      async (options, steps, last, end, seed) => {
        const play = new Play(options, seed)
        try {
          await play.run(steps)
          await play.calm()
          expect(play.waiting).toBe(0)
          // Whatever happened, it serves again; who does not want to wait may come while its only session is being asked.
          let served = false
          for (let turn = 0; turn < 3 && !served; turn += 1) {
            const lease = play.ask(undefined, 100_000)
            const answer = lease.then(
              () => true,
              () => false,
            )
            await play.clock.advance(100_123)
            served = await answer
          }
          expect(served).toBe(true)
          await play.run(last)
          if (end === 'dispose') play.pool.dispose()
          else void play.pool.drain({ timeoutMs: 50_000 })
          if (end === 'drainThenDispose') play.pool.dispose()
          await play.clock.advance(51_000)
          expect(play.pool.state.name).toBe('closed')
          expect(play.waiting).toBe(0)
          for (const error of play.errors) {
            const known = error === 'mine' || codes.some((code) => isHoldfastError(error, code as never))
            expect([error, known]).toEqual([error, true])
          }
          expect(play.wrong).toEqual([])
        } finally {
          endPool(play)
        }
      },
    ),
    { numRuns: 100 },
  )
})

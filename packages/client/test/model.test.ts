import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  connect,
  type Receipt,
  type Session,
  type SessionEnd,
  type State,
  type StateChange,
} from '../src/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import type { Moves } from '../src/state.ts'
import { nothingHeld } from './world.ts'

/** The diagram once more, by hand: the test must not learn it from the code. */
const moves: { readonly [From in State['name']]: readonly (Moves[From] | From)[] } = {
  idle: ['connecting', 'waiting', 'closed', 'idle'],
  connecting: ['connecting', 'open', 'waiting', 'idle', 'closed'],
  open: ['waiting', 'idle', 'closing', 'closed'],
  waiting: ['connecting', 'waiting', 'idle', 'closed'],
  closing: ['closed'],
  closed: [],
}

const acts = [
  'send',
  'cut',
  'closeFrame',
  'reconnect',
  'reconnectSoon',
  'pause',
  'setCredentials',
  'freeze',
  'probe',
  'serverSends',
  'clearQueue',
] as const
const ends = ['close', 'drain', 'dispose'] as const
type Act = (typeof acts)[number] | (typeof ends)[number]

/** The places at which the user's code runs, and so may call the session. */
const places = [
  'step',
  'state',
  'message',
  'error',
  'closed',
  'admit',
  'url',
  'createSocket',
  'onConnected',
  'classify',
  'abort',
  'ping',
  'isPong',
  'logger',
] as const

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...acts) },
  { weight: 1, arbitrary: fc.constantFrom(...ends) },
)
const step = fc.record({
  act,
  /** Where it is done: at once, or when the user's code runs there next. */
  at: fc.oneof(
    { weight: 2, arbitrary: fc.constant('step' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...places) },
  ),
  thenMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(40_000)),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays steps on a session, looks at everything it tells, and judges at once. */
class Play {
  readonly clock = new ManualClock()
  readonly changes: StateChange[] = []
  readonly ended: SessionEnd[] = []
  readonly receipts: { readonly receipt: Receipt; readonly id: number }[] = []
  readonly session: Session
  /** What was wrong. Handlers cannot throw it: the session would report it as an error of theirs, as it should. */
  readonly wrong: unknown[] = []
  readonly #server = fakeServer({ clock: this.clock, latencyMs: 10, onDial: () => this.#onDial })
  readonly #plans = new Map<string, Act[]>()
  #onDial: 'accept' | 'refuse' | 'hang' = 'accept'
  #sent = 0
  #depth = 0

  constructor(seed: number) {
    let dice = seed
    this.session = connect(
      ({ signal }) => {
        signal.addEventListener('abort', () => this.#at('abort'))
        this.#at('url')
        return new Promise<string>((resolve) => {
          this.clock.setTimeout(() => resolve('ws://server.test/'), 20)
        })
      },
      {
        clock: this.clock,
        random: () => {
          dice = (dice * 1_103_515_245 + 12_345) & 0x7fffffff
          return dice / 0x80000000
        },
        createSocket: (...args) => {
          this.#at('createSocket')
          return this.#server.createSocket(...args)
        },
        admit: () => {
          this.#at('admit')
          return undefined
        },
        onConnected: () => this.#at('onConnected'),
        classify: () => {
          this.#at('classify')
          return 'retry'
        },
        heartbeat: {
          ping: () => {
            this.#at('ping')
            return 'ping'
          },
          isPong: (message) => {
            this.#at('isPong')
            return message === 'pong'
          },
        },
        logger: () => this.#at('logger'),
      },
    )
    this.#server.onConnection((socket) =>
      socket.onMessage((message) => {
        if (message === 'ping') socket.send('pong')
      }),
    )
    this.#listen()
  }

  #listen(): void {
    const { session } = this
    session.on('state', (change) => {
      const { state: last } = this.changes.at(-1) ?? { state: change.previous }
      if (change.previous !== last) this.wrong.push(['a state was not told', last, change])
      if (!moves[change.previous.name].includes(change.state.name as never)) this.wrong.push(change)
      if (this.ended.length > 0) this.wrong.push(['after closed', change])
      this.changes.push(change)
      this.#at('state')
    })
    for (const type of ['message', 'error'] as const) {
      session.on(type, () => {
        if (this.ended.length > 0) this.wrong.push(['after closed', type])
        this.#at(type)
      })
    }
    session.on('closed', (end) => {
      this.ended.push(end)
      if (session.state.name !== 'closed') this.wrong.push(['closed, but', session.state])
      this.#at('closed')
    })
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const { act, at, thenMs } of steps) {
      if (at === 'step') this.#do(act)
      else this.#plans.set(at, [...(this.#plans.get(at) ?? []), act])
      this.#look()
      await this.clock.advance(thenMs)
      this.#look()
    }
    this.#plans.clear()
  }

  serverIs(onDial: 'accept' | 'refuse' | 'hang'): void {
    this.#onDial = onDial
  }

  /** The ids of what arrived, connection by connection. */
  get arrived(): number[] {
    return this.#server.sockets.flatMap(({ received }) =>
      received.filter((message) => message !== 'ping').map(Number),
    )
  }

  get dials(): number {
    return this.#server.dials
  }

  #look(): void {
    const { state, resources } = this.session
    expect(this.wrong).toEqual([])
    expect(resources.sockets).toBeLessThanOrEqual(1)
    if (state.name === 'closed') expect({ ...resources, closing: 0 }).toEqual(nothingHeld)
    if (state.name === 'idle') expect(resources.sockets).toBe(0)
    if (state.name === 'waiting') expect(resources.sockets).toBe(0)
    if (state.name === 'open') expect(resources.sockets).toBe(1)
    const told = this.changes.at(-1)
    if (told) expect(told.state).toBe(state)
  }

  #at(place: (typeof places)[number]): void {
    const planned = this.#plans.get(place)?.shift()
    if (planned === undefined || this.#depth > 3) return
    this.#depth += 1
    this.#do(planned)
    this.#depth -= 1
  }

  #do(act: Act): void {
    const { session } = this
    const socket = this.#server.sockets.at(-1)
    if (act === 'send') {
      const id = ++this.#sent
      this.receipts.push({ receipt: session.send(String(id)), id })
    } else if (act === 'cut') socket?.cut()
    else if (act === 'closeFrame') socket?.close(1011)
    else if (act === 'freeze') socket?.freeze()
    else if (act === 'serverSends') socket?.send('news')
    else if (act === 'reconnect') session.reconnect()
    else if (act === 'reconnectSoon') session.reconnect({ withinMs: 1_000 })
    else if (act === 'pause') session.pause()
    else if (act === 'setCredentials') session.setCredentials('new')
    else if (act === 'probe') void session.probe()
    else if (act === 'clearQueue') session.queue.clear()
    else if (act === 'close') void session.close()
    else if (act === 'drain') void session.close({ drainMs: 500 })
    else session.dispose()
  }
}

const runs = { numRuns: 200 }

it('whatever is done, and wherever, states follow the diagram, events come in order, and there is one socket', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.constantFrom('accept', 'refuse', 'hang'),
      fc.integer(),
      async (steps, onDial, seed) => {
        const play = new Play(seed)
        try {
          play.serverIs(onDial)
          await play.run(steps)
          play.serverIs('accept')
          if (play.session.reconnect()) {
            await play.clock.advance(60_000)
            expect(play.session.state.name).toBe('open')
          }
        } finally {
          play.session.dispose()
        }
        const { dials } = play
        await play.clock.advance(3_600_000)
        expect(play.wrong).toEqual([])
        expect(play.ended).toHaveLength(1)
        expect(await play.session.closed).toBe(play.ended[0])
        expect(play.session.resources).toEqual(nothingHeld)
        expect(play.clock.pending).toBe(0)
        expect(play.dials).toBe(dials)
      },
    ),
    runs,
  )
})

it('every receipt settles once, and what arrives is what was sent, in order, each at most once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          act: fc.oneof(
            { weight: 5, arbitrary: fc.constant('send' as const) },
            { weight: 2, arbitrary: act },
          ),
          at: fc.oneof({ weight: 4, arbitrary: fc.constant('step' as const) }, fc.constantFrom(...places)),
          thenMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3_000)),
        }),
        { maxLength: 30 },
      ),
      fc.integer(),
      async (steps, seed) => {
        const play = new Play(seed)
        const settled = new Map<Receipt, string[]>()
        try {
          await play.run(steps)
          for (const { receipt } of play.receipts) {
            settled.set(receipt, [])
            void receipt.settled.then((status) => settled.get(receipt)?.push(status))
          }
          await play.clock.advance(20)
        } finally {
          play.session.dispose()
        }
        const { handBack } = await play.session.closed
        await play.clock.advance(60_000)
        for (const { receipt } of play.receipts) {
          expect(settled.get(receipt)).toEqual([receipt.status])
          expect(['written', 'dropped', 'undelivered', 'rejected']).toContain(receipt.status)
        }
        const undelivered = play.receipts.filter(({ receipt }) => receipt.status === 'undelivered')
        expect(handBack.undelivered.map(({ receipt }) => receipt)).toEqual(
          undelivered.map(({ receipt }) => receipt),
        )
        const written = new Set(
          play.receipts.filter(({ receipt }) => receipt.status === 'written').map(({ id }) => id),
        )
        const { arrived } = play
        expect(arrived).toEqual([...arrived].sort((a, b) => a - b))
        expect(new Set(arrived).size).toBe(arrived.length)
        expect(arrived.filter((id) => !written.has(id))).toEqual([])
      },
    ),
    runs,
  )
})

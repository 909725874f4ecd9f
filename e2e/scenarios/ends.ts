import type { Session } from 'holdfast'
import type { Lab, Scenario, Watched } from '../lab/lab.ts'

const never = () => new Promise<never>(() => {})

/** Every place a session can be in, and how it gets there. */
const places: readonly { readonly where: string; readonly go: (lab: Lab) => Promise<Watched> }[] = [
  {
    where: 'idle, not started',
    go: async ({ connect, url }) => connect(url(), { autoConnect: false }),
  },
  {
    where: 'the task that made it',
    go: async ({ connect, url }) => connect(url()),
  },
  {
    where: 'connecting, at admit',
    go: async ({ connect, url }) => at('admit', connect(url(), { admit: never })),
  },
  {
    where: 'connecting, at resolve',
    go: async ({ connect }) => at('resolve', connect(never)),
  },
  {
    where: 'connecting, at dial, before the TCP connection',
    go: async ({ connect, url }) => at('dial', connect(url())),
  },
  {
    where: 'connecting, at dial, the proxy hanging',
    go: async (lab) => {
      await lab.proxy.set({ accept: 'hang' })
      const before = await lab.proxy.connections()
      const watched = await at('dial', lab.connect(lab.url()))
      await lab.eventually('the dial arrives', lab.proxy.connections, (now) => now > before)
      return watched
    },
  },
  {
    where: 'connecting, at hello',
    go: async ({ connect, url }) => at('hello', connect(url(), { onConnected: never })),
  },
  {
    where: 'open',
    go: async ({ connect, url }) => reached('open', connect(url())),
  },
  {
    where: 'open, on a half-open connection',
    go: async (lab) => {
      const watched = await reached('open', lab.connect(lab.url(), { closeTimeoutMs: 200 }))
      await lab.proxy.set({ blackhole: 'both' })
      return watched
    },
  },
  {
    where: 'waiting',
    go: async ({ connect, url }) =>
      reached(
        'waiting',
        connect(url('?acceptThenClose=1011'), { backoff: { baseMs: 1_000_000, capMs: 1_000_000 } }),
      ),
  },
  {
    where: 'idle, paused',
    go: async ({ connect, url }) => {
      const watched = await reached('open', connect(url()))
      watched.session.pause('lunch')
      return watched
    },
  },
  {
    where: 'closing',
    go: async (lab) => {
      const watched = await reached('open', lab.connect(lab.url(), { closeTimeoutMs: 300 }))
      await lab.proxy.set({ stall: 'down' })
      void watched.session.close({ code: 4000, reason: 'first' })
      return reached('closing', watched)
    },
  },
  {
    where: 'closed',
    go: async ({ connect, url }) => {
      const watched = connect(url())
      watched.session.dispose()
      return watched
    },
  },
]

/** How a session is ended, and with which cause. */
const endings: Readonly<Record<string, { end: (session: Session) => unknown; kind: string }>> = {
  'dispose()': { end: (session) => session.dispose(), kind: 'disposed' },
  'close()': { end: (session) => session.close(), kind: 'closed' },
}

async function at(phase: string, watched: Watched): Promise<Watched> {
  await watched.reaches('connecting', (state) => state.phase === phase)
  return watched
}

async function reached(name: 'open' | 'waiting' | 'closing', watched: Watched): Promise<Watched> {
  await watched.reaches(name)
  return watched
}

async function readToEnd(iterator: AsyncIterableIterator<unknown>): Promise<void> {
  for await (const _ of iterator);
}

/** Ends a session, and checks that this is the end of everything. */
async function endIt(lab: Lab, where: string, how: string, go: (typeof places)[number]['go']): Promise<void> {
  const { assert } = lab
  const { session, states, inbox } = await go(lab)
  const { end, kind } = endings[how] ?? {}
  const receipt = session.send('last words')
  const opened = session.opened().then(
    () => 'opened',
    () => 'rejected',
  )
  const iterator = session[Symbol.asyncIterator]()
  const told: string[] = []
  session.on('closed', () => told.push('closed'))
  end?.(session)
  if (how === 'dispose()') assert.equal(session.state.name, 'closed', 'state right after the call')
  const { cause, handBack } = await lab.soon('closed', session.closed)
  const expected = { closing: 'closed', closed: 'disposed' }[where] ?? kind
  const known = where === 'closing' && how === 'dispose()' ? 'disposed' : expected
  assert.equal(cause.kind, known, 'cause')
  assert.equal(told.length, where === 'closed' ? 0 : 1, 'closed events')
  const status = await lab.soon('the receipt settles', receipt.settled)
  const final = ['undelivered', 'rejected', ...(lab.mode === 'plain' ? ['written'] : ['acked', 'uncertain'])]
  assert.that(final.includes(status), `a final receipt, got ${status}`)
  const given = [handBack.undelivered.length, handBack.uncertain.length]
  assert.equal(given, [status === 'undelivered' ? 1 : 0, status === 'uncertain' ? 1 : 0], 'handed back')
  await lab.soon('the iterator ends', readToEnd(iterator))
  await lab.soon('opened() settles', opened)
  const { timers, listeners, sockets } = session.resources
  assert.equal([timers, listeners, sockets], [0, 0, 0], 'timers, listeners, sockets')
  const [moves, messages] = [states.all.length, inbox.all.length]
  await lab.proxy.clear()
  assert.equal([session.reconnect(), session.pause()], [false, false], 'reconnect and pause')
  assert.equal(session.send('too late').status, 'rejected', 'send')
  session.dispose()
  assert.equal((await session.close()).cause, cause, 'a later close gives the same end')
  assert.equal([states.all.length, inbox.all.length], [moves, messages], 'nothing is told any more')
}

/** The end, from everywhere. */
export const ends: readonly Scenario[] = [
  ...places.flatMap(({ where, go }) =>
    Object.keys(endings).map(
      (how): Scenario => ({ name: `${how} while ${where}`, run: (lab) => endIt(lab, where, how, go) }),
    ),
  ),
  {
    name: 'close() says code and reason to the server, after everything that was sent, when told to drain',
    only: { mode: 'plain', because: 'in resume mode a BYE ends the session; resume.ts has its own' },
    async run({ connect, url, proxy, assert, seen, eventually }) {
      const { session, reaches } = connect(url('?noEcho=1'), {
        queue: { highWaterBytes: 2_000, lowWaterBytes: 1_000 },
      })
      await reaches('open')
      await proxy.set({ bytesPerSecond: { up: 200_000 } })
      const texts = Array.from({ length: 60 }, (_, at) => `${at} `.padEnd(1_000, '.'))
      const receipts = texts.map((text) => session.send(text))
      const { cause, handBack } = await session.close({ code: 4321, reason: 'done', drainMs: 10_000 })
      assert.equal(cause, { kind: 'closed', code: 4321, reason: 'done' }, 'cause')
      assert.equal(handBack.undelivered, [], 'hand-back')
      assert.equal(
        receipts.every(({ status }) => status === 'written'),
        true,
        'all written',
      )
      const { received, closed } = await eventually(
        'the server knows',
        seen,
        (now) => now.closed.length === 1,
      )
      assert.equal(received, texts, 'what arrived')
      assert.equal(closed, [{ cause: 'peer', code: 4321, reason: 'done' }], 'how it ended')
    },
  },
  {
    name: 'close() hands back what is still queued, each message once with its receipt',
    async run({ connect, url, assert }) {
      const { session } = connect(url(), { autoConnect: false })
      const receipts = ['a', 'b'].map((text) => session.send(text))
      const { handBack } = await session.close()
      assert.equal(
        handBack.undelivered.map(({ message }) => message),
        ['a', 'b'],
        'messages',
      )
      assert.that(
        handBack.undelivered.every(({ receipt }, index) => receipt === receipts[index]),
        'the same receipts',
      )
    },
  },
  {
    name: 'close() against a server that does not answer resolves within closeTimeoutMs',
    async run({ connect, url, proxy, assert }) {
      const { session, reaches } = connect(url(), { closeTimeoutMs: 300 })
      await reaches('open')
      await proxy.set({ stall: 'down' })
      const from = performance.now()
      await session.close()
      // Earlier by a rounding at most; how much later depends on the machine's load.
      assert.between(performance.now() - from, 290, 2_000, 'milliseconds')
    },
  },
  {
    name: 'what a close frame cannot carry fails at the call, and the session goes on',
    async run({ connect, url, assert }) {
      const { session, reaches, inbox } = connect(url())
      await reaches('open')
      for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, 4000.5, Number.NaN]) {
        assert.throws(() => session.close({ code }), 'RangeError', `code ${code}`)
      }
      assert.throws(() => session.close({ reason: 'é'.repeat(62) }), 'RangeError', 'a reason of 124 bytes')
      session.send('still here')
      assert.equal(await inbox.next(), 'still here')
    },
  },
  {
    name: 'the abort signal ends the session, also when it was aborted before',
    async run({ connect, url, assert, seen }) {
      const early = connect(url(), { signal: AbortSignal.abort() })
      assert.equal((await early.session.closed).cause, { kind: 'aborted' }, 'aborted before')
      assert.equal((await seen()).opened, 0, 'connections')
      const controller = new AbortController()
      const late = connect(url(), { signal: controller.signal })
      await late.reaches('open')
      controller.abort()
      assert.equal(late.session.state, { name: 'closed', cause: { kind: 'aborted' } }, 'aborted while open')
    },
  },
  {
    name: 'dispose() inside every kind of handler is legal and final',
    async run({ connect, url, assert }) {
      const inMessage = connect(url())
      inMessage.session.send('hi')
      inMessage.session.on('message', () => inMessage.session.dispose())
      assert.equal((await inMessage.session.closed).cause.kind, 'disposed', 'in message')
      for (const name of ['connecting', 'open', 'waiting'] as const) {
        const { session } = connect(url(name === 'waiting' ? '?acceptThenClose=1011' : ''))
        session.on('state', ({ state }) => {
          if (state.name === name) session.dispose()
        })
        assert.equal((await session.closed).cause.kind, 'disposed', `in state ${name}`)
      }
      const inProvider = connect(() => {
        inProvider.session.dispose()
        return url()
      })
      assert.equal((await inProvider.session.closed).cause.kind, 'disposed', 'in the provider')
      const inHello = connect(url(), { onConnected: () => inHello.session.dispose() })
      assert.equal((await inHello.session.closed).cause.kind, 'disposed', 'in onConnected')
      const inError = connect(() => Promise.reject(new Error('no')))
      inError.session.on('error', () => inError.session.dispose())
      assert.equal((await inError.session.closed).cause.kind, 'disposed', 'in error')
      inError.errors.skip()
    },
  },
  {
    name: 'closed comes last, once, and the server sees a close frame or the end of the connection',
    async run({ connect, url, assert, seen, eventually }) {
      const { session, reaches } = connect(url())
      const told: string[] = []
      session.on('state', ({ state }) => told.push(state.name))
      session.on('closed', ({ cause }) => told.push(`closed event: ${cause.kind}`))
      await reaches('open')
      told.length = 0
      session.dispose()
      assert.equal(told, ['closed', 'closed event: disposed'], 'told before dispose returned')
      await eventually('the server knows', seen, ({ live, opened }) => opened === 1 && live === 0)
    },
  },
]

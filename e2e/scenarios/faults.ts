import type { Lab, Scenario } from '../lab/lab.ts'

/** An application ping that an echo server answers. */
const ping = { ping: () => 'ping', isPong: (message: unknown) => message === 'ping' }
/** Long enough for a busy machine to answer in, short enough for a test. */
const watchful = { heartbeat: { intervalMs: 100, timeoutMs: 600, ...ping } }

/** Always draws the longest delay, so that growth can be read. */
const longest = () => 0.999_999

async function halfOpen({ connect, url, mode, proxy, assert }: Lab, side: 'up' | 'down'): Promise<void> {
  const { session, reaches, inbox } = connect(url(), watchful)
  const first = await reaches('open')
  await proxy.set({ blackhole: side })
  const { cause } = await reaches('waiting')
  assert.equal(cause.kind, 'liveness', 'cause')
  await proxy.clear()
  const second = await reaches('open')
  assert.equal([first.resumed, second.resumed], ['first', mode === 'resume'], 'resumed')
  session.send('over here')
  assert.equal(await inbox.next(), 'over here', 'the new connection works, and no pong is a message')
}

/** The network breaks in every way the proxy knows, and the session comes back. */
export const faults: readonly Scenario[] = [
  {
    name: 'after a cut (FIN) the session comes back, with the same listeners',
    async run({ connect, url, mode, proxy, assert }) {
      const { session, reaches, inbox } = connect(url())
      await reaches('open')
      session.send('before')
      assert.equal(await inbox.next(), 'before')
      await proxy.cut()
      const { cause, attempt } = await reaches('waiting')
      assert.equal([cause.kind, attempt], ['lost', 2], 'cause and attempt')
      session.send('after')
      assert.equal(await inbox.next(), 'after')
      assert.equal((await reaches('open')).resumed, mode === 'resume', 'resumed')
    },
  },
  {
    name: 'after a reset (RST) the session comes back',
    async run({ connect, url, proxy, assert }) {
      const { session, reaches, inbox } = connect(url())
      await reaches('open')
      await proxy.reset()
      assert.equal((await reaches('waiting')).cause, { kind: 'lost' }, 'cause')
      session.send('after')
      assert.equal(await inbox.next(), 'after')
    },
  },
  {
    name: 'a connection that swallows what the client sends is found dead by an application ping',
    run: (lab) => halfOpen(lab, 'up'),
  },
  {
    name: 'a connection that swallows what the server sends is found dead by an application ping',
    run: (lab) => halfOpen(lab, 'down'),
  },
  {
    name: 'without a ping of the application: Node pings by itself; in a browser silence is death only where asked for',
    only: { mode: 'plain', because: 'in resume mode the protocol pings everywhere; resume.ts has its own' },
    async run({ connect, url, proxy, assert, environment }) {
      const heartbeat = { intervalMs: 100, timeoutMs: 200, probeMs: 300 }
      const plain = connect(url(), { heartbeat })
      const expecting = connect(url('?sendEvery=50'), { heartbeat: { ...heartbeat, expectTrafficMs: 400 } })
      await Promise.all([plain.reaches('open'), expecting.reaches('open')])
      await proxy.set({ blackhole: 'both' })
      assert.equal(
        (await expecting.reaches('waiting')).cause.kind,
        'liveness',
        'cause where traffic is expected',
      )
      if (environment === 'node') {
        assert.equal((await plain.reaches('waiting')).cause.kind, 'liveness', 'cause in Node')
      } else {
        assert.equal(await plain.session.probe(), 'unknown', 'probe')
        assert.equal(plain.session.state.name, 'open', 'silence proves nothing')
      }
    },
  },
  {
    name: 'a stalled line that flows again costs nothing: same connection, all messages, in order',
    async run({ connect, url, mode, proxy, assert }) {
      const { session, states, reaches, inbox } = connect(url())
      await reaches('open')
      await proxy.set({ stall: 'both' })
      const numbers = Array.from({ length: 100 }, (_, at) => String(at))
      for (const number of numbers) session.send(number)
      // In resume mode that is: until the server has them, which it cannot.
      if (mode === 'plain') await session.flushed()
      assert.equal(inbox.all, [], 'nothing yet')
      await proxy.clear()
      assert.equal(await inbox.take(100), numbers, 'order')
      assert.equal(states.unread, [], 'no move meanwhile')
    },
  },
  {
    name: 'while dials are refused the queue is kept, and flushed in order before what comes later',
    async run({ connect, url, proxy, assert, fine, seen, environment }) {
      const { session, reaches, inbox } = connect(url())
      await reaches('open')
      await proxy.set({ accept: 'refuse' })
      await proxy.reset()
      assert.equal((await reaches('waiting')).cause.kind, 'lost', 'first cause')
      const texts = Array.from({ length: 20 }, (_, at) => `kept ${at}`)
      const receipts = texts.map((text) => session.send(text))
      const { cause } = await reaches('waiting', (state) => state.attempt >= 4)
      assert.equal(
        cause,
        environment === 'node' ? { kind: 'unreachable', errno: 'ECONNREFUSED' } : { kind: 'unreachable' },
        'cause',
      )
      assert.equal(
        receipts.map(({ status }) => status),
        texts.map(() => 'queued'),
        'receipts while away',
      )
      await proxy.clear()
      await reaches('open')
      session.send('later')
      const all = [...texts, 'later']
      assert.equal(await inbox.take(all.length), all, 'order of the echo')
      assert.equal((await seen()).received, all, 'the server got each once')
      assert.equal(
        await Promise.all(receipts.map(({ settled }) => settled)),
        texts.map(() => fine),
        'receipts',
      )
    },
  },
  {
    name: 'a dial that is accepted and never answered ends at the deadline, one socket at a time',
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ accept: 'hang' })
      const { session, reaches } = connect(url(), { connect: { dialTimeoutMs: 150 } })
      const { cause } = await reaches('waiting')
      assert.equal(cause, { kind: 'timeout', phase: 'dial', limitMs: 150 }, 'cause')
      await reaches('connecting', ({ attempt, phase }) => attempt === 3 && phase === 'dial')
      assert.that(session.resources.sockets <= 1, 'at most one socket')
      await proxy.clear()
      await reaches('open')
    },
  },
  {
    name: 'a server that never answers the upgrade ends at the dial deadline too',
    async run({ connect, url, direct, assert }) {
      const { reaches } = connect(({ attempt }) => (attempt === 1 ? direct('?answer=never') : url()), {
        connect: { dialTimeoutMs: 300 },
      })
      assert.equal(
        (await reaches('waiting')).cause,
        { kind: 'timeout', phase: 'dial', limitMs: 300 },
        'cause',
      )
      await reaches('open')
    },
  },
  {
    name: 'dials that are accepted and dropped are unreachable, and the delays grow to the cap',
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ accept: 'reset' })
      const { reaches } = connect(url(), { backoff: { baseMs: 10, capMs: 60 }, random: longest })
      const delays: number[] = []
      for (let retry = 0; retry < 5; retry += 1) {
        const { cause, delayMs } = await reaches('waiting')
        assert.equal(cause.kind, 'unreachable', 'cause')
        delays.push(delayMs)
      }
      assert.equal(delays, [10, 20, 40, 60, 60], 'delays')
      await proxy.clear()
      await reaches('open')
    },
  },
  {
    name: 'connections that are accepted and closed at once do not reset the backoff',
    async run({ connect, url, mode, assert }) {
      const { states, reaches } = connect(url('?acceptThenClose=1011'), {
        backoff: { baseMs: 10, capMs: 80 },
        random: longest,
      })
      const delays: number[] = []
      for (let retry = 0; retry < 4; retry += 1) delays.push((await reaches('waiting')).delayMs)
      assert.equal(delays, [10, 20, 40, 80], 'delays')
      // A session that resumes is open when the server has welcomed it, and this one does not.
      const wasOpen = states.all.some(({ name }) => name === 'open')
      assert.equal(wasOpen, mode === 'plain', 'open in between')
    },
  },
  {
    name: 'a connection that stays healthy resets the backoff',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, reaches } = connect(url(), {
        backoff: { baseMs: 10, capMs: 1_000, stableAfterMs: 50 },
        random: longest,
      })
      for (let round = 0; round < 3; round += 1) {
        await reaches('open')
        await soon('50 ms of health', new Promise((resolve) => setTimeout(resolve, 100)))
        assert.equal(session.state.name, 'open', 'state')
        await proxy.cut()
        assert.equal((await reaches('waiting')).delayMs, 10, `delay of round ${round}`)
      }
    },
  },
  {
    name: 'a reset right after the 101 is one failed try like any other',
    async run({ connect, url, assert }) {
      const { reaches } = connect(({ attempt }) => url(attempt < 3 ? '?resetAfterUpgrade=1' : ''))
      for (let round = 0; round < 2; round += 1) {
        const { cause } = await reaches('waiting')
        assert.that(
          cause.kind === 'lost' || cause.kind === 'unreachable',
          `lost or unreachable, got ${cause.kind}`,
        )
      }
      await reaches('open')
    },
  },
  {
    name: 'a server that sends garbage is left, and what it sends on the next connection is taken',
    async run({ connect, url, assert }) {
      const { session, reaches, inbox } = connect(({ attempt }) => url(attempt === 1 ? '?garbage=1' : ''))
      // It comes with the answer to the upgrade: Firefox sees it before it has told that the connection is open.
      const { kind } = (await reaches('waiting')).cause
      assert.that(kind === 'lost' || kind === 'unreachable', `lost or unreachable, got ${kind}`)
      session.send('hello')
      assert.equal(await inbox.next(), 'hello')
    },
  },
  {
    name: 'a large message arrives whole, in small pieces, late and jittered, in its order',
    only: { mode: 'plain', because: 'the server is told to speak out of turn; resume.ts has its own' },
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ latencyMs: 5, jitterMs: 10, chunkBytes: { down: 30_011 } })
      const { session, inbox } = connect(url('?oversize=2000000&greet=first'))
      const [first, large] = await inbox.take(2)
      assert.equal([first, (large as ArrayBuffer).byteLength], ['first', 2_000_000], 'messages')
      session.send('last')
      assert.equal(await inbox.next(), 'last')
    },
  },
  {
    name: 'a message too large for the server is told, and the session comes back without it',
    only: { mode: 'plain', because: 'with the limit known it is not sent at all; resume.ts has its own' },
    async run({ connect, url, assert }) {
      const { session, reaches, inbox, errors } = connect(url(), { queue: { maxBytes: 4_000_000 } })
      session.send(new Uint8Array(2_000_000))
      const { cause } = await reaches('waiting')
      // Node reports a write to a closed socket before it reads the close frame, if the timing is such.
      if (cause.kind === 'server-close') {
        assert.equal(cause.code, 1009, 'code')
        assert.equal((await errors.next()).phase, 'too-large', 'error')
      } else assert.equal(cause.kind, 'lost', 'cause')
      session.send('small')
      assert.equal(await inbox.next(), 'small')
    },
  },
  {
    name: 'a connection cut in the middle of a message delivers nothing of it',
    only: { mode: 'plain', because: 'in resume mode it comes whole on the next one; resume.ts has its own' },
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ closeAfterBytes: { down: 50_000 } })
      const { reaches, inbox } = connect(({ attempt }) =>
        url(attempt === 1 ? '?greet=whole&oversize=100000' : ''),
      )
      const { kind } = (await reaches('waiting')).cause
      assert.that(kind === 'lost' || kind === 'unreachable', `lost or unreachable, got ${kind}`)
      // A connection that is gone when a worker in Firefox would hear of it never was open there.
      assert.equal(inbox.all, kind === 'lost' ? ['whole'] : [], 'messages')
      await proxy.clear()
      await reaches('open')
    },
  },
]

import type { Scenario } from '../lab/lab.ts'

const slow = { baseMs: 1_000_000, capMs: 1_000_000 }

/** What the application may do to a living session. */
export const control: readonly Scenario[] = [
  {
    name: 'attempts are numbered, and every move is one that the diagram allows',
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ accept: 'close' })
      const { states, reaches } = connect(url(), { backoff: { baseMs: 5, capMs: 20 } })
      await reaches('waiting', ({ attempt }) => attempt === 4)
      await proxy.clear()
      await reaches('open')
      const attempts = states.all.flatMap((state) => (state.name === 'waiting' ? [state.attempt] : []))
      assert.equal(
        attempts,
        attempts.map((_, at) => at + 2),
        'attempts announced',
      )
      const names = states.all.map(({ name }) => name).join(' ')
      assert.that(/^((connecting )+waiting )+(connecting )+open$/.test(names), `a legal way, got ${names}`)
    },
  },
  {
    name: 'reconnect() from open replaces the connection at once, and tells the server',
    async run({ connect, url, assert, seen, eventually }) {
      const { session, reaches } = connect(url(), { backoff: slow })
      await reaches('open')
      assert.equal(session.reconnect(), true, 'reconnect')
      assert.matches(await reaches('waiting'), { delayMs: 0, cause: { kind: 'reconnect' } }, 'waiting')
      await reaches('open')
      const { opened } = await eventually('the old one ends', seen, ({ closed }) => closed.length === 1)
      assert.equal(opened, 2, 'connections')
    },
  },
  {
    name: 'reconnect() cuts a wait short, and a second call changes nothing for the worse',
    async run({ connect, url, proxy, assert }) {
      const { session, reaches } = connect(url(), { backoff: slow, random: () => 0.5 })
      await reaches('open')
      await proxy.cut()
      assert.that((await reaches('waiting')).delayMs > 100_000, 'a long wait')
      session.reconnect()
      session.reconnect()
      await reaches('open')
    },
  },
  {
    name: 'pause() keeps queue and listeners, and nothing dials until reconnect()',
    async run({ connect, url, assert, seen, eventually }) {
      const { session, reaches, inbox } = connect(url())
      await reaches('open')
      assert.equal([session.pause('lunch'), session.pause('again')], [true, false], 'pause')
      assert.equal(session.state, { name: 'idle', cause: { kind: 'paused', label: 'lunch' } }, 'state')
      const receipt = session.send('kept')
      await eventually('the server sees the end', seen, ({ live }) => live === 0)
      assert.equal([session.state.name, receipt.status], ['idle', 'queued'], 'while paused')
      session.reconnect()
      assert.equal(await inbox.next(), 'kept')
      assert.equal((await seen()).opened, 2, 'connections')
    },
  },
  {
    name: 'maxAttempts makes the session idle, and reconnect() starts the count anew',
    async run({ connect, url, proxy, assert }) {
      await proxy.set({ accept: 'refuse' })
      const { session, reaches } = connect(url(), { backoff: { baseMs: 5, capMs: 10, maxAttempts: 3 } })
      for (let round = 0; round < 2; round += 1) {
        const { cause } = await reaches('idle')
        assert.equal(cause, { kind: 'attempts-exhausted', attempts: 3 }, 'cause')
        if (round === 0) session.reconnect()
      }
      await proxy.clear()
      session.reconnect()
      await reaches('open')
    },
  },
  {
    name: 'probe() says alive, measures the round trip, and replaces a dead connection',
    async run({ connect, url, proxy, assert, soon }) {
      const { session, reaches } = connect(url(), {
        heartbeat: { probeMs: 1_000, ping: () => 'ping', isPong: (message) => message === 'ping' },
      })
      await reaches('open')
      assert.equal(await session.probe(), 'alive', 'on a good line')
      assert.that((session.rttMs ?? -1) >= 0, 'a round trip was measured')
      await proxy.set({ blackhole: 'down' })
      assert.equal(await soon('the probe ends', session.probe()), 'dead', 'on a dead line')
      assert.equal((await reaches('waiting')).cause.kind, 'liveness', 'cause')
      await proxy.clear()
      await reaches('open')
    },
  },
  {
    name: 'a heartbeat on a good line keeps one connection, and its pongs are no messages',
    async run({ connect, url, mode, assert, seen, eventually }) {
      const { session, states, reaches, inbox } = connect(url(), {
        heartbeat: {
          intervalMs: 30,
          timeoutMs: 5_000,
          ping: () => 'ping',
          isPong: (message) => message === 'ping',
        },
      })
      await reaches('open')
      // In resume mode the protocol pings, below the messages.
      const roundTrips = new Set<number | undefined>()
      const ask = async () => {
        roundTrips.add(session.rttMs)
        return mode === 'plain' ? (await seen()).received.length : roundTrips.size
      }
      await eventually('ten pings', ask, (pings) => pings >= 10)
      assert.equal(
        [session.state.name, states.unread.length, inbox.all.length],
        ['open', 0, 0],
        'after ten pings',
      )
      assert.equal((await seen()).opened, 1, 'connections')
    },
  },
  {
    name: 'the state is the same object until it changes',
    async run({ connect, url, assert }) {
      const { session, states, reaches } = connect(url())
      await reaches('open')
      const { state } = session
      session.send('x')
      assert.that(session.state === state && states.all.at(-1) === state, 'the same object')
    },
  },
]

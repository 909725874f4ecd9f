import { describe, expect, it, vi } from 'vitest'
import { type Cause, connect, type Session, type SessionOptions } from '../src/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { lastOf, stubSockets } from './stub-socket.ts'
import { nothingHeld, openedWorld, openWorld, stateOf, type World, type WorldOptions } from './world.ts'

const hour = 3_600_000

const never = () => new Promise<never>(() => {})

/** The ways out. `abort` is of the `signal` option. */
const exits = {
  dispose: (session: Session) => session.dispose(),
  close: (session: Session) => void session.close(),
  drain: (session: Session) => void session.close({ drainMs: 300 }),
  abort: (_: Session, abort: () => void) => abort(),
}
type Exit = keyof typeof exits

const causes: Readonly<Record<Exit, Cause>> = {
  dispose: { kind: 'disposed' },
  close: { kind: 'closed', code: 1000, reason: '' },
  drain: { kind: 'closed', code: 1000, reason: '' },
  abort: { kind: 'aborted' },
}

/** Every moment of a session's life, reached by options and by what is done with it. */
const moments: Record<
  string,
  { readonly options?: WorldOptions; readonly enter?: (world: World) => Promise<void> | void }
> = {
  'idle, not started': { options: { autoConnect: false } },
  'connecting, in the very task of connect()': {},
  'connecting, admit asked': { options: { admit: never }, enter: ({ clock }) => clock.advance(5) },
  'connecting, credentials asked': {
    options: { credentials: never },
    enter: ({ clock }) => clock.advance(5),
  },
  'connecting, URL asked': { options: { url: never }, enter: ({ clock }) => clock.advance(5) },
  'connecting, protocols asked': { options: { protocols: never }, enter: ({ clock }) => clock.advance(5) },
  'connecting, dialling': {
    options: { server: { onDial: () => 'hang' } },
    enter: ({ clock }) => clock.advance(5),
  },
  'connecting, the answer on its way': {
    options: { server: { latencyMs: 50 } },
    enter: ({ clock }) => clock.advance(40),
  },
  'connecting, hello': { options: { onConnected: never }, enter: ({ clock }) => clock.advance(5) },
  'connecting, hello waits for a message': {
    options: { onConnected: ({ receive }) => receive() },
    enter: ({ clock }) => clock.advance(5),
  },
  open: { enter: ({ clock }) => clock.advance(5) },
  'open, with messages sent': {
    enter: async ({ clock, session }) => {
      await clock.advance(5)
      session.send('one')
    },
  },
  'open, frozen': {
    enter: async ({ clock, server }) => {
      await clock.advance(5)
      server.last.freeze()
    },
  },
  'open, cut but not told yet': {
    enter: async ({ clock, server }) => {
      await clock.advance(5)
      server.last.cut()
    },
  },
  'open, probing': {
    options: { heartbeat: { ping: () => 'ping' } },
    enter: async ({ clock, session }) => {
      await clock.advance(5)
      void session.probe()
    },
  },
  waiting: { options: { server: { onDial: () => 'refuse' } }, enter: ({ clock }) => clock.advance(5) },
  'waiting, with messages queued': {
    options: { server: { onDial: () => 'refuse' }, queue: { ttlMs: 60_000 } },
    enter: async ({ clock, session }) => {
      await clock.advance(5)
      session.send('one')
      session.send('two', { key: 'k', ttlMs: 500 })
    },
  },
  'idle, paused': {
    enter: async ({ clock, session }) => {
      await clock.advance(5)
      session.pause()
    },
  },
  'idle, out of attempts': {
    options: { server: { onDial: () => 'refuse' }, backoff: { maxAttempts: 1 } },
    enter: ({ clock }) => clock.advance(5),
  },
  closing: {
    enter: async ({ clock, session, server }) => {
      await clock.advance(5)
      server.last.freeze()
      void session.close()
    },
  },
  'closing, draining': {
    options: { queue: { highWaterBytes: 1, lowWaterBytes: 0 } },
    enter: async ({ clock, session }) => {
      await clock.advance(5)
      void session.close({ drainMs: 5_000 })
    },
  },
}

/** Whether an exit takes its time: only from open, and closing is on its way already. */
const isGradual = (exit: Exit) => exit === 'close' || exit === 'drain'

/** Runs an hour after the end, and looks whether anything is left or happens. */
async function expectOver(world: World): Promise<void> {
  const { session, clock, server, changes, ends, messages } = world
  expect(session.state.name).toBe('closed')
  expect({ ...session.resources, closing: 0 }).toEqual(nothingHeld)
  const { dials } = server
  const told = [changes.length, messages.length, world.errors.length]
  await clock.advance(hour)
  expect(server.dials).toBe(dials)
  expect(clock.pending).toBe(0)
  expect(session.resources).toEqual(nothingHeld)
  expect(ends).toHaveLength(1)
  expect([changes.length, messages.length, world.errors.length]).toEqual(told)
  expect(changes.at(-1)?.state).toBe(session.state)
  expect(await session.closed).toBe(ends[0])
  expect(server.sockets.filter(({ closed }) => closed === undefined).length).toBeLessThanOrEqual(1)
}

for (const exit of Object.keys(exits) as Exit[]) {
  describe(`${exit} in the state`, () => {
    for (const [moment, { options, enter }] of Object.entries(moments)) {
      it(`${moment}: nothing is left, nothing happens any more, and closed is told once`, async () => {
        const controller = new AbortController()
        const world = openWorld({ ...options, signal: controller.signal })
        await enter?.(world)
        const wasClosing = world.session.state.name === 'closing'
        exits[exit](world.session, () => controller.abort())
        if (isGradual(exit)) await world.clock.advance(8_000)
        await expectOver(world)
        const { cause } = await world.session.closed
        expect(cause).toEqual(wasClosing && isGradual(exit) ? causes.close : causes[exit])
      })
    }
  })
}

describe('every promise handed out settles when the session ends:', () => {
  it.each(['dispose', 'close', 'abort'] as const)('%s', async (exit) => {
    const controller = new AbortController()
    const world = openWorld({
      signal: controller.signal,
      server: { onDial: () => 'refuse' },
      queue: { highWaterBytes: 1, lowWaterBytes: 0 },
    })
    const { session } = world
    await world.clock.advance(5)
    const receipt = session.send('one')
    const iterator = session[Symbol.asyncIterator]()
    const promises = [
      session.opened(),
      session.ready(),
      session.flushed(),
      session.probe(),
      receipt.settled,
      iterator.next(),
      session.closed,
    ]
    exits[exit](session, () => controller.abort())
    const settled = await Promise.allSettled(promises)
    expect(settled.slice(0, 6)).toMatchObject([
      { status: 'rejected', reason: { code: 'closed' } },
      { status: 'rejected', reason: { code: 'closed' } },
      { status: 'rejected', reason: { code: 'closed' } },
      { status: 'fulfilled', value: 'dead' },
      { status: 'fulfilled', value: 'undelivered' },
      { status: 'fulfilled', value: { done: true } },
    ])
    for (const later of [session.opened(), session.ready(), session.flushed()]) {
      await expect(later).rejects.toMatchObject({ code: 'closed' })
    }
    expect(session.send('late')).toMatchObject({ status: 'rejected', error: { code: 'closed' } })
    expect(await session[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  it('and nobody has to look at them', async () => {
    const world = openWorld({ autoConnect: false, queue: { highWaterBytes: 1, lowWaterBytes: 0 } })
    world.session.send('one')
    void world.session.opened()
    void world.session.ready()
    void world.session.flushed()
    world.session.dispose()
    void world.session.opened()
    void world.session.ready()
    void world.session.flushed()
    await world.clock.advance(0)
    // An unhandled rejection would fail the run.
    expect(world.ends).toHaveLength(1)
  })
})

/** Places at which the user's code runs; each calls back once. */
const hooks: Record<string, (run: () => void) => WorldOptions & { provoke?: (world: World) => void }> = {
  admit: (run) => ({
    admit: () => {
      run()
      return undefined
    },
  }),
  credentials: (run) => ({ credentials: () => run() }),
  url: (run) => ({
    url: () => {
      run()
      return 'ws://server.test/'
    },
  }),
  protocols: (run) => ({
    protocols: () => {
      run()
      return []
    },
  }),
  onConnected: (run) => ({ onConnected: () => run() }),
  classify: (run) => ({
    classify: () => {
      run()
      return 'retry'
    },
    provoke: ({ server }) => server.sockets.at(-1)?.cut(),
  }),
  ping: (run) => ({
    heartbeat: {
      intervalMs: 100,
      ping: () => {
        run()
        return 'ping'
      },
    },
  }),
  isPong: (run) => ({
    heartbeat: {
      intervalMs: 100,
      ping: () => 'ping',
      isPong: () => {
        run()
        return true
      },
    },
    provoke: ({ server, clock }) => clock.setTimeout(() => server.sockets.at(-1)?.send('pong'), 120),
  }),
  'strategy.intervalMs': (run) => ({
    heartbeat: {
      ping: () => 'ping',
      strategy: {
        intervalMs(ms) {
          run()
          return ms
        },
        lost() {},
      },
    },
  }),
  'strategy.lost': (run) => ({
    heartbeat: { strategy: { intervalMs: (ms) => ms, lost: run } },
    provoke: ({ server }) => server.sockets.at(-1)?.cut(),
  }),
  logger: (run) => ({ logger: run }),
  'an abort listener': (run) => ({
    url: ({ signal }) => {
      signal.addEventListener('abort', run)
      return never()
    },
    connect: { resolveTimeoutMs: 10 },
  }),
}

for (const exit of ['dispose', 'close', 'abort'] as const) {
  describe(`${exit} inside`, () => {
    for (const [name, hook] of Object.entries(hooks)) {
      it(name, async () => {
        const controller = new AbortController()
        let leave: () => void = () => {}
        let calls = 0
        const { provoke, ...options } = hook(() => {
          calls += 1
          if (calls === 1) leave()
        })
        const world = openWorld({ autoConnect: false, ...options, signal: controller.signal })
        leave = () => exits[exit](world.session, () => controller.abort())
        world.session.reconnect()
        await world.clock.advance(1)
        provoke?.(world)
        await world.clock.advance(5_000)
        expect(calls).toBeGreaterThan(0)
        await expectOver(world)
      })
    }

    it('createSocket', async () => {
      const controller = new AbortController()
      const clock = new ManualClock()
      const world: World = openWorld({
        clock,
        signal: controller.signal,
        createSocket: (...args) => {
          exits[exit](world.session, () => controller.abort())
          return fakeServer({ clock }).createSocket(...args)
        },
      })
      await world.clock.advance(5_000)
      await expectOver(world)
    })

    for (const state of ['connecting', 'open', 'waiting', 'idle', 'closing', 'closed'] as const) {
      it(`a state handler at ${state}, and the handlers after it are told in order`, async () => {
        const controller = new AbortController()
        const world = openWorld({ autoConnect: false, signal: controller.signal })
        const later: string[] = []
        world.session.on('state', (change) => {
          if (change.state.name === state) exits[exit](world.session, () => controller.abort())
        })
        world.session.on('state', (change) => later.push(change.state.name))
        world.session.on('closed', () => later.push('the end'))
        world.session.reconnect()
        await world.clock.advance(1)
        if (world.session.state.name === 'open') {
          if (state === 'waiting') world.server.last.cut()
          else if (state === 'idle') world.session.pause()
          else void world.session.close()
        }
        await world.clock.advance(5_000)
        await expectOver(world)
        expect(later.slice(-2)).toEqual(['closed', 'the end'])
        expect(world.changes.map(({ previous }) => previous).slice(1)).toEqual(
          world.changes.map((change) => change.state).slice(0, -1),
        )
      })
    }

    it('a message handler: messages that came after it are not told any more', async () => {
      const controller = new AbortController()
      const world = await openedWorld({ signal: controller.signal })
      world.session.on('message', () => exits[exit](world.session, () => controller.abort()))
      world.server.last.send('one')
      world.server.last.send('two')
      world.server.last.freeze()
      const end = world.session.closed
      await world.clock.advance(5_000)
      if (exit !== 'close') expect(world.messages.length).toBeLessThanOrEqual(1)
      world.session.dispose()
      await end
    })

    it('the closed handler, and a second time', async () => {
      const controller = new AbortController()
      const world = await openedWorld({ signal: controller.signal })
      world.session.on('closed', () => exits[exit](world.session, () => controller.abort()))
      world.session.dispose()
      exits[exit](world.session, () => controller.abort())
      await expectOver(world)
      expect((await world.session.closed).cause).toEqual({ kind: 'disposed' })
    })

    it('an error handler', async () => {
      const controller = new AbortController()
      const world = openWorld({ signal: controller.signal, url: () => Promise.reject(new Error('no')) })
      world.session.on('error', () => exits[exit](world.session, () => controller.abort()))
      await world.clock.advance(0)
      await expectOver(world)
    })
  })
}

describe('pause() inside', () => {
  for (const [name, hook] of Object.entries(hooks)) {
    it(`${name} is not undone by what goes on there`, async () => {
      let pause: () => void = () => {}
      let calls = 0
      const { provoke, ...options } = hook(() => {
        calls += 1
        if (calls === 1) pause()
      })
      const world = openWorld({ autoConnect: false, ...options })
      pause = () => void world.session.pause('mine')
      world.session.reconnect()
      await world.clock.advance(1)
      provoke?.(world)
      await world.clock.advance(hour)
      expect(calls).toBeGreaterThan(0)
      expect(stateOf(world, 'idle').cause).toEqual({ kind: 'paused', label: 'mine' })
      expect(world.session.resources).toMatchObject({ timers: 0, sockets: 0, closing: 0 })
    })
  }
})

describe('inside a signal that a move of the session aborts', () => {
  for (const act of ['pause', 'dispose', 'reconnect'] as const) {
    it(`${act}() has the last word, and is told last`, async () => {
      let attempts = 0
      const world = openWorld({
        url: ({ signal }) => {
          attempts += 1
          if (attempts > 1) return 'ws://server.test/'
          signal.addEventListener('abort', () => world.session[act]())
          return never()
        },
      })
      await world.clock.advance(0)
      world.session.reconnect({ withinMs: 500 })
      const expected = { pause: 'idle', dispose: 'closed', reconnect: 'waiting' }[act]
      expect(world.session.state.name).toBe(expected)
      expect(world.changes.at(-1)?.state).toBe(world.session.state)
      await world.clock.advance(hour)
      expect(world.session.state.name).toBe(act === 'reconnect' ? 'open' : expected)
      expect(attempts).toBe(act === 'reconnect' ? 2 : 1)
    })
  }
})

describe('close()', () => {
  it('says goodbye with its code and reason, and ends when the server answers', async () => {
    const world = openWorld({ server: { latencyMs: 30 } })
    await world.clock.advance(30)
    const closed = world.session.close({ code: 4001, reason: 'done' })
    expect(stateOf(world, 'closing')).toMatchObject({
      deadline: world.clock.now() + 2_000,
      code: 4001,
      reason: 'done',
    })
    await world.clock.advance(60)
    expect(world.server.last.closed).toEqual({ code: 4001, reason: 'done' })
    expect((await closed).cause).toEqual({ kind: 'closed', code: 4001, reason: 'done' })
  })

  it.each([
    [undefined, 2_000, 2_000],
    [undefined, 0, 0],
    [500, 100, 600],
  ])(
    'with drainMs %s and closeTimeoutMs %i ends within %i ms against a frozen server',
    async (drainMs, closeTimeoutMs, limitMs) => {
      const world = await openedWorld({ closeTimeoutMs })
      world.server.last.freeze()
      const closed = world.session.close(drainMs === undefined ? {} : { drainMs })
      let isOver = false
      void closed.then(() => (isOver = true))
      if (limitMs > 0) {
        await world.clock.advance(limitMs - 1)
        expect(isOver).toBe(false)
      }
      await world.clock.advance(1)
      expect(isOver).toBe(true)
      await expectOver(world)
    },
  )

  it('within drainMs sends what waits before it says goodbye, and takes nothing new', async () => {
    const { made, createSocket } = stubSockets()
    const world = openWorld({ createSocket, queue: { highWaterBytes: 10, lowWaterBytes: 1 } })
    await world.clock.advance(0)
    const socket = lastOf(made)
    socket.bufferedAmount = 100
    socket.opens()
    await world.clock.advance(0)
    const waits = world.session.send('waits')
    const closed = world.session.close({ drainMs: 1_000 })
    expect(world.session.send('late')).toMatchObject({ status: 'rejected', error: { code: 'closed' } })
    await world.clock.advance(500)
    expect(socket.sent).toEqual([])
    expect(socket.closedWith).toEqual([])
    socket.bufferedAmount = 0
    await world.clock.advance(100)
    expect(socket.sent).toEqual(['waits'])
    expect(socket.closedWith).toEqual([[1000, '']])
    expect(waits.status).toBe('written')
    socket.ends(1000)
    await world.clock.advance(0)
    expect((await closed).handBack.undelivered).toEqual([])
  })

  it('after drainMs says goodbye anyway, and hands back what waited', async () => {
    const { made, createSocket } = stubSockets()
    const world = openWorld({ createSocket, queue: { highWaterBytes: 10, lowWaterBytes: 1 } })
    await world.clock.advance(0)
    const socket = lastOf(made)
    socket.bufferedAmount = 100
    socket.opens()
    await world.clock.advance(0)
    const waits = world.session.send('waits')
    const closed = world.session.close({ drainMs: 1_000 })
    await world.clock.advance(1_000)
    expect(socket.closedWith).toEqual([[1000, '']])
    socket.ends(1000)
    await world.clock.advance(0)
    expect((await closed).handBack.undelivered).toEqual([{ message: 'waits', receipt: waits }])
    expect(waits.status).toBe('undelivered')
  })

  it('ends at once when the connection breaks meanwhile, and still says that it was closed', async () => {
    const world = await openedWorld()
    const closed = world.session.close({ code: 3000, drainMs: 500 })
    world.server.last.cut()
    await world.clock.advance(0)
    expect((await closed).cause).toEqual({ kind: 'closed', code: 3000, reason: '' })
  })

  it('a second call changes nothing and gives the same promise', async () => {
    const world = await openedWorld()
    world.server.last.freeze()
    const first = world.session.close({ code: 4000 })
    const second = world.session.close({ code: 4001, drainMs: 50_000 })
    expect(second).toBe(first)
    expect(world.session.closed).toBe(first)
    await world.clock.advance(2_000)
    expect((await second).cause).toMatchObject({ code: 4000 })
  })

  it('dispose() during it ends the session now', async () => {
    const world = await openedWorld()
    world.server.last.freeze()
    const closed = world.session.close()
    world.session.dispose()
    expect((await closed).cause).toEqual({ kind: 'disposed' })
  })
})

describe('dispose()', () => {
  it('is synchronous: when it returns, everything is given back and told', async () => {
    const world = await openedWorld()
    world.session.dispose()
    expect(world.session.state).toEqual({ name: 'closed', cause: { kind: 'disposed' } })
    expect(world.ends).toHaveLength(1)
    expect({ ...world.session.resources, closing: 0 }).toEqual(nothingHeld)
  })

  it('hands back what waits, oldest first, each with its receipt', async () => {
    const world = openWorld({ autoConnect: false })
    const receipts = ['one', 'two', 'three'].map((message) => world.session.send(message))
    world.session.dispose()
    const { handBack } = await world.session.closed
    expect(handBack).toEqual({
      undelivered: [
        { message: 'one', receipt: receipts[0] },
        { message: 'two', receipt: receipts[1] },
        { message: 'three', receipt: receipts[2] },
      ],
      uncertain: [],
    })
    expect(receipts.map(({ status }) => status)).toEqual(['undelivered', 'undelivered', 'undelivered'])
  })

  it('is total even when the socket cannot be closed', async () => {
    const { made, createSocket } = stubSockets()
    const world = openWorld({ createSocket })
    await world.clock.advance(0)
    lastOf(made).opens()
    lastOf(made).close = () => {
      throw new Error('no')
    }
    await world.clock.advance(0)
    expect(() => world.session.dispose()).not.toThrow()
    expect(world.session.state.name).toBe('closed')
    expect(world.ends).toHaveLength(1)
    expect({ ...world.session.resources, closing: 0 }).toEqual(nothingHeld)
  })

  it('leaves no listener on the socket but the one that waits for its end', async () => {
    const { made, createSocket } = stubSockets()
    const world = openWorld({ createSocket })
    await world.clock.advance(0)
    lastOf(made).opens()
    await world.clock.advance(0)
    world.session.dispose()
    expect(world.session.resources.closing).toBe(1)
    expect(lastOf(made).listening).toBe(1)
    lastOf(made).ends(1006)
    expect(world.session.resources).toEqual(nothingHeld)
  })

  it('listeners registered after it are not held, and never called', async () => {
    const world = await openedWorld()
    world.session.dispose()
    const undo = world.session.on('message', () => {
      throw new Error('called')
    })
    expect({ ...world.session.resources, closing: 0 }).toEqual(nothingHeld)
    undo()
  })
})

describe('the signal option', () => {
  it('that is aborted already makes a session that is over', async () => {
    const world = openWorld({ signal: AbortSignal.abort() })
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'aborted' })
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(0)
    expect((await world.session.closed).cause).toEqual({ kind: 'aborted' })
  })

  it('is not held on to after the end', async () => {
    const listeners = new Set<unknown>()
    const signal = {
      aborted: false,
      addEventListener: (_: string, run: unknown) => listeners.add(run),
      removeEventListener: (_: string, run: unknown) => listeners.delete(run),
    } as unknown as SessionOptions['signal']
    const world = await openedWorld({ signal })
    expect(listeners.size).toBe(1)
    world.session.dispose()
    expect(listeners.size).toBe(0)
  })
})

describe('explicit resource management', () => {
  it('using ends the session now', async () => {
    const world = await openedWorld()
    world.session[Symbol.dispose]()
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'disposed' })
  })

  it('await using says goodbye first', async () => {
    const world = await openedWorld()
    const over = world.session[Symbol.asyncDispose]()
    expect(world.session.state.name).toBe('closing')
    await world.clock.advance(0)
    await over
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'closed', code: 1000, reason: '' })
    expect(world.server.last.closed).toEqual({ code: 1000, reason: '' })
  })

  it('where the platform has no such symbols the package loads, works, and adds no method', async () => {
    const hidden = new Set<PropertyKey>(['dispose', 'asyncDispose'])
    const real = Symbol
    vi.stubGlobal(
      'Symbol',
      new Proxy(() => {}, {
        get: (_, key) => (hidden.has(key) ? undefined : (Reflect.get(real, key) as unknown)),
        apply: (_, __, [description]: [string]) => real(description),
      }),
    )
    vi.resetModules()
    const fresh = (await import('../src/index.ts')) as { connect: typeof connect }
    expect(fresh.connect).not.toBe(connect)
    const clock = new ManualClock()
    const server = fakeServer({ clock })
    const session = fresh.connect('ws://server.test/', { clock, createSocket: server.createSocket })
    await clock.advance(0)
    expect(session.state.name).toBe('open')
    expect('undefined' in session).toBe(false)
    session.dispose()
    await clock.advance(0)
    expect(session.resources).toEqual(nothingHeld)
  })
})

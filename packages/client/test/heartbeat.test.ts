import { describe, expect, it } from 'vitest'
import { adaptive } from '../src/adaptive.ts'
import { Heartbeat, type HeartbeatOptions } from '../src/heartbeat.ts'
import { defaults, type Message } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { lastOf, stubSockets } from './stub-socket.ts'
import { openedWorld, openScope, openWorld, stateOf, type World } from './world.ts'

const hour = 3_600_000

/** One heartbeat on its own, with a peer that answers pings of the protocol when told to. */
function pulse(options: Partial<HeartbeatOptions> = {}, clock = new ManualClock(), canPing = true) {
  const scope = openScope(clock)
  const sent: unknown[] = []
  const pings: string[] = []
  const dead: number[] = []
  const failed: unknown[] = []
  const heartbeat = new Heartbeat(
    scope,
    { ...defaults.heartbeat, ...options },
    {
      ping: canPing ? (payload) => pings.push(payload) : undefined,
      send: (message: Message) => sent.push(message),
      dead(silentMs) {
        dead.push(silentMs)
        scope.end()
      },
      failed: (error) => failed.push(error),
    },
    () => 0,
  )
  return { clock, scope, heartbeat, sent, pings, dead, failed }
}

/** The heartbeat of an application, answered by the server. */
const appPing: Partial<HeartbeatOptions> = {
  ping: () => 'ping',
  isPong: (message) => message === 'pong',
}

function answerPings({ server }: World, delayMs = 0, clock?: ManualClock): void {
  server.onConnection((socket) =>
    socket.onMessage((message) => {
      if (message !== 'ping') return
      if (clock) clock.setTimeout(() => socket.send('pong'), delayMs)
      else socket.send('pong')
    }),
  )
}

describe('a half-open connection', () => {
  it.each([
    [{ intervalMs: 1_000, timeoutMs: 500 }, 1_500],
    [{}, 35_000],
  ])('leaves open within interval and timeout: %j', async (times, limitMs) => {
    const world = await openedWorld({ heartbeat: { ...appPing, ...times } })
    world.server.last.freeze()
    let leftAt = Number.POSITIVE_INFINITY
    world.session.once('state', () => {
      leftAt = world.clock.now()
      expect(stateOf(world, 'waiting').cause.kind).toBe('liveness')
      expect(world.session.resources).toMatchObject({ sockets: 0 })
    })
    const { since } = stateOf(world, 'open')
    await world.clock.advance(limitMs + 2_000)
    expect(leftAt - since).toBeLessThanOrEqual(limitMs)
    expect(world.errors).toEqual([])
    expect(world.session.state.name).toBe('open')
    expect(world.server.dials).toBe(2)
  })

  it('says how long nothing came, counted from the question', async () => {
    const { clock, dead } = pulse({ intervalMs: 1_000, timeoutMs: 500 })
    await clock.advance(1_500)
    expect(dead).toEqual([500])
  })

  it('tells nothing any more: what the dead socket gives later has no effect', async () => {
    const world = await openedWorld({ heartbeat: { ...appPing, intervalMs: 1_000, timeoutMs: 500 } })
    const { last } = world.server
    last.onMessage(() => {})
    await world.clock.advance(1_500)
    expect(world.session.state.name).toBe('waiting')
    last.send('late')
    last.close(4403)
    await world.clock.advance(100)
    expect(world.messages).toEqual([])
    expect(stateOf(world, 'waiting').cause.kind).toBe('liveness')
  })
})

describe('any frame is life', () => {
  it('a message that is no answer keeps the connection', async () => {
    const world = await openedWorld({ heartbeat: { ...appPing, intervalMs: 1_000, timeoutMs: 500 } })
    for (let turn = 0; turn < 60; turn += 1) {
      await world.clock.advance(400)
      world.server.last.send(`news ${turn}`)
    }
    await world.clock.advance(0)
    expect(world.server.dials).toBe(1)
    expect(world.messages).toHaveLength(60)
  })

  it('so is an answer to an earlier ping, but it is no measurement', async () => {
    const { clock, heartbeat, pings, dead } = pulse({ intervalMs: 1_000, timeoutMs: 500 })
    await clock.advance(1_000)
    heartbeat.pong('not this one')
    await clock.advance(500)
    expect(dead).toEqual([])
    expect(heartbeat.rttMs).toBeUndefined()
    await clock.advance(1_000)
    expect(pings).toHaveLength(2)
  })
})

describe('rttMs', () => {
  it('is the time between the last ping and its answer, on this connection only', async () => {
    const world = await openedWorld({ heartbeat: appPing })
    answerPings(world, 80, world.clock)
    world.session.reconnect()
    await world.clock.advance(0)
    expect(world.session.rttMs).toBeUndefined()
    await world.clock.advance(25_100)
    expect(world.session.rttMs).toBe(80)
    world.server.last.cut()
    await world.clock.advance(0)
    expect(world.session.rttMs).toBeUndefined()
    await world.clock.advance(2_000)
    expect(world.session.state.name).toBe('open')
    expect(world.session.rttMs).toBeUndefined()
  })

  it('changes no state: a heartbeat makes no view render', async () => {
    const world = await openedWorld({ heartbeat: appPing })
    answerPings(world)
    const { state } = world.session
    const told = world.changes.length
    await world.clock.advance(hour)
    expect(world.session.state).not.toBe(state)
    expect(world.changes.length).toBeGreaterThan(told)
    const { state: now } = world.session
    const toldNow = world.changes.length
    await world.clock.advance(hour)
    expect(world.session.state).toBe(now)
    expect(world.changes).toHaveLength(toldNow)
  })
})

describe('isPong', () => {
  it('keeps the answer from message, and is asked only while one is awaited', async () => {
    const asked: unknown[] = []
    const world = await openedWorld({
      heartbeat: {
        ping: () => 'ping',
        isPong(message) {
          asked.push(message)
          return message === 'pong'
        },
      },
    })
    world.server.last.send('pong')
    await world.clock.advance(0)
    expect(asked).toEqual([])
    expect(world.messages).toEqual(['pong'])
    await world.clock.advance(25_000)
    world.server.last.send('news')
    world.server.last.send('pong')
    world.server.last.send('pong')
    await world.clock.advance(0)
    expect(asked).toEqual(['news', 'pong'])
    expect(world.messages).toEqual(['pong', 'news', 'pong'])
  })

  it('keeps every answer from message when a probe overlaps a ping', async () => {
    const world = openWorld({ heartbeat: appPing, server: { latencyMs: 200 } })
    answerPings(world)
    await world.clock.advance(200)
    await world.clock.advance(23_750 + 100)
    void world.session.probe()
    await world.clock.advance(5_000)
    expect(world.server.last.received.filter((message) => message === 'ping')).toHaveLength(2)
    expect(world.messages).toEqual([])
  })

  it('that throws is reported, and the message is delivered', async () => {
    const error = new Error('mine')
    const world = await openedWorld({
      heartbeat: {
        ping: () => 'ping',
        isPong() {
          throw error
        },
      },
    })
    await world.clock.advance(25_000)
    world.server.last.send('news')
    await world.clock.advance(0)
    expect(world.errors).toEqual([{ phase: 'heartbeat', error }])
    expect(world.messages).toEqual(['news'])
  })

  it('is not needed: without it the answer is a message, and life', async () => {
    const world = await openedWorld({ heartbeat: { ping: () => 'ping' } })
    answerPings(world)
    world.session.reconnect()
    await world.clock.advance(60_000)
    expect(world.server.dials).toBe(2)
    expect(new Set(world.messages)).toEqual(new Set(['pong']))
  })
})

describe('ping', () => {
  it('that throws is reported, and the connection is judged by what arrives', async () => {
    const error = new Error('mine')
    const world = await openedWorld({
      heartbeat: {
        intervalMs: 1_000,
        timeoutMs: 500,
        ping() {
          throw error
        },
      },
    })
    await world.clock.advance(1_500)
    expect(world.errors[0]).toEqual({ phase: 'heartbeat', error })
    expect(world.session.state.name).toBe('waiting')
  })

  it('goes past the queue', async () => {
    const world = await openedWorld({ heartbeat: { ping: () => 'ping' } })
    await world.clock.advance(25_000)
    expect(world.session.queue.size).toBe(0)
    expect(world.server.last.received).toEqual(['ping'])
  })

  it('is drawn up to a tenth earlier than the interval, never later', async () => {
    for (const [draw, atMs] of [
      [0, 25_000],
      [0.5, 23_750],
      [0.999, 22_502],
    ] as const) {
      const world = await openedWorld({ random: () => draw, heartbeat: { ping: () => 'ping' } })
      await world.clock.advance(atMs - 1)
      expect(world.server.last.received).toEqual([])
      await world.clock.advance(2)
      expect(world.server.last.received).toEqual(['ping'])
    }
  })
})

describe('nothing is carried to the next connection', () => {
  it('a ping left unanswered is never consulted there, and its first decision is a whole interval away', async () => {
    const world = await openedWorld({ heartbeat: { ...appPing, intervalMs: 10_000, timeoutMs: 10_000 } })
    await world.clock.advance(10_000)
    expect(world.server.last.received).toEqual(['ping'])
    world.session.reconnect()
    await world.clock.advance(0)
    const openedAt = stateOf(world, 'open').since
    world.server.last.send('pong')
    await world.clock.advance(9_000)
    expect(world.messages).toEqual(['pong'])
    expect(world.server.last.received).toEqual([])
    expect(stateOf(world, 'open').since).toBe(openedAt)
    await world.clock.advance(10_400)
    expect(world.session.state.name).toBe('open')
  })
})

describe('a throttled page, whose timers run once a minute,', () => {
  const throttled = () => new ManualClock({ wakeAt: (dueAt) => Math.ceil(dueAt / 60_000) * 60_000 })

  for (const [name, heartbeat] of Object.entries({
    'with pings of the application': appPing,
    'with expectTrafficMs': { expectTrafficMs: 40_000 },
    'without either': {},
  })) {
    it(`${name}, stays connected for an hour while the server sends each 25 s`, async () => {
      const page = throttled()
      // What comes from the network is not throttled, so here the test delivers it.
      const { made, createSocket } = stubSockets()
      const world = openWorld({ clock: page, heartbeat, createSocket })
      await page.advance(0)
      const socket = lastOf(made)
      socket.opens()
      for (let sentMs = 0; sentMs < hour; sentMs += 25_000) {
        await page.advance(25_000)
        socket.gives('news')
      }
      expect(world.path()).toEqual(['connecting', 'open'])
      expect(made).toHaveLength(1)
      expect(world.messages).toHaveLength(hour / 25_000)
    })
  }
})

describe('a timer that comes late', () => {
  it('asks first, and does not kill when what arrived is waiting behind it', async () => {
    const { clock, heartbeat, pings, dead } = pulse()
    await clock.advance(25_000)
    clock.jump(8 * hour)
    // The frame is read after the overdue timer, as it would be on a machine that wakes.
    clock.setTimeout(() => heartbeat.alive(), 0)
    await clock.advance(0)
    expect(dead).toEqual([])
    expect(pings).toHaveLength(1)
    await clock.advance(25_000)
    expect(pings).toHaveLength(2)
  })

  it('asks again with the short limit when nothing waits, and only then gives up', async () => {
    const { clock, pings, dead } = pulse()
    await clock.advance(25_000)
    clock.jump(hour)
    await clock.advance(0)
    expect([pings.length, dead.length]).toEqual([2, 0])
    await clock.advance(2_999)
    expect(dead).toEqual([])
    await clock.advance(1)
    expect(dead).toEqual([3_000])
  })

  it('before a ping makes it a ping with the short limit', async () => {
    const { clock, pings, dead } = pulse()
    clock.jump(hour)
    await clock.advance(0)
    expect(pings).toHaveLength(1)
    await clock.advance(3_000)
    expect(dead).toEqual([3_000])
  })

  it('excuses three times in a row and no more, so a page that is always late is not deceived for ever', async () => {
    const { clock, dead } = pulse()
    for (let round = 0; round < 8 && dead.length === 0; round += 1) {
      clock.jump(hour)
      await clock.advance(0)
    }
    expect(dead).toHaveLength(1)
  })
})

describe('expectTrafficMs', () => {
  const silence = (options: Partial<HeartbeatOptions>) => pulse(options, new ManualClock(), false)

  it('silence of that length is death, where no ping can be sent', async () => {
    const { clock, dead } = silence({ expectTrafficMs: 40_000 })
    await clock.advance(39_999)
    expect(dead).toEqual([])
    await clock.advance(1)
    expect(dead).toEqual([40_000])
  })

  it('counts from the last frame', async () => {
    const { clock, heartbeat, dead } = silence({ expectTrafficMs: 40_000 })
    await clock.advance(30_000)
    heartbeat.alive()
    await clock.advance(39_999)
    expect(dead).toEqual([])
    await clock.advance(1)
    expect(dead).toEqual([40_000])
  })

  it('by default silence proves nothing', async () => {
    const { clock, dead } = silence({})
    await clock.advance(24 * hour)
    expect(dead).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('after a sleep the connection gets another moment before it is judged', async () => {
    const { clock, heartbeat, dead } = silence({ expectTrafficMs: 40_000 })
    clock.jump(hour)
    clock.setTimeout(() => heartbeat.alive(), 0)
    await clock.advance(1_000)
    expect(dead).toEqual([])
    await clock.advance(39_000)
    expect(dead).toHaveLength(1)
  })
})

describe('probe()', () => {
  it('is alive when anything arrives in time', async () => {
    const world = await openedWorld({ heartbeat: appPing })
    const probe = world.session.probe()
    await world.clock.advance(1_000)
    world.server.last.send('anything')
    await world.clock.advance(2_000)
    expect(await probe).toBe('alive')
  })

  it('is dead when nothing arrives within probeMs, and the connection is replaced', async () => {
    const world = await openedWorld({ heartbeat: { ...appPing, probeMs: 700 } })
    world.server.last.freeze()
    const probe = world.session.probe()
    await world.clock.advance(699)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(1)
    expect(await probe).toBe('dead')
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'liveness', silentMs: 700 })
  })

  it('is unknown where there is no way to tell', async () => {
    const world = await openedWorld()
    expect(await world.session.probe()).toBe('unknown')
  })

  it('is dead when the session is not open', async () => {
    const world = openWorld({ autoConnect: false, heartbeat: appPing })
    expect(await world.session.probe()).toBe('dead')
    world.session.dispose()
    expect(await world.session.probe()).toBe('dead')
  })

  it('several at once are one question, and all are answered', async () => {
    const world = await openedWorld({ heartbeat: appPing })
    const probes = Promise.all([world.session.probe(), world.session.probe(), world.session.probe()])
    await world.clock.advance(0)
    expect(world.server.last.received).toEqual(['ping'])
    world.server.last.send('pong')
    await world.clock.advance(3_000)
    expect(await probes).toEqual(['alive', 'alive', 'alive'])
  })

  it.each(['dispose', 'close', 'pause', 'reconnect'] as const)(
    'is answered when %s() comes first',
    async (act) => {
      const world = await openedWorld({ heartbeat: appPing })
      world.server.last.freeze()
      const probe = world.session.probe()
      void world.session[act]()
      await world.clock.advance(5_000)
      expect(await probe).toBe('dead')
    },
  )

  it('does not put off the end of a connection that is being asked already', async () => {
    const world = await openedWorld({ heartbeat: { ...appPing, intervalMs: 1_000, timeoutMs: 500 } })
    world.server.last.freeze()
    await world.clock.advance(1_400)
    const probe = world.session.probe()
    await world.clock.advance(100)
    expect(world.session.state.name).toBe('waiting')
    expect(await probe).toBe('dead')
  })
})

describe('heartbeat: false', () => {
  it('holds no timer and never judges', async () => {
    const world = await openedWorld({ heartbeat: false, backoff: { stableAfterMs: 0 } })
    expect(world.session.resources).toMatchObject({ timers: 0 })
    world.server.last.freeze()
    await world.clock.advance(24 * hour)
    expect(world.session.state.name).toBe('open')
  })
})

describe('the adaptive strategy', () => {
  /** A hop that cuts connections which were idle for this long. */
  function idleCut(world: World, afterMs: number): void {
    world.server.onConnection((socket) => {
      let alarm: unknown
      const rearm = () => {
        world.clock.clearTimeout(alarm)
        alarm = world.clock.setTimeout(() => socket.cut(), afterMs)
      }
      socket.onMessage(() => {
        rearm()
        socket.send('pong')
      })
      rearm()
    })
  }

  it('learns from two cuts after about the same idle time, and then stays connected', async () => {
    const world = openWorld({
      heartbeat: { ...appPing, intervalMs: 120_000, strategy: adaptive() },
      backoff: { stableAfterMs: 1_000 },
    })
    idleCut(world, 60_000)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(3)
    expect(world.session.state.name).toBe('open')
  })

  it('only ever shortens, not below its floor, and cuts at different times teach it nothing', () => {
    const strategy = adaptive({ sightings: 2, floorMs: 20_000 })
    strategy.lost(60_000)
    strategy.lost(10_000)
    strategy.lost(30_000)
    expect(strategy.intervalMs(25_000)).toBe(25_000)
    strategy.lost(29_000)
    expect(strategy.intervalMs(25_000)).toBe(23_200)
    strategy.lost(60_000)
    strategy.lost(60_000)
    expect(strategy.intervalMs(25_000)).toBe(23_200)
    strategy.lost(1_000)
    strategy.lost(1_000)
    expect(strategy.intervalMs(25_000)).toBe(20_000)
    expect(strategy.intervalMs(5_000)).toBe(5_000)
  })

  it('a strategy that gives a longer interval is cut to the configured one', async () => {
    const world = await openedWorld({
      heartbeat: { ...appPing, intervalMs: 1_000, strategy: { intervalMs: () => 9_000, lost() {} } },
    })
    await world.clock.advance(1_000)
    expect(world.server.last.received).toEqual(['ping'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['gives NaN', () => Number.NaN],
    ['gives a negative time', () => -5],
  ])('a strategy that %s is reported, and the configured interval counts', async (_, intervalMs) => {
    const world = openWorld({
      heartbeat: { ...appPing, intervalMs: 1_000, strategy: { intervalMs, lost() {} } },
    })
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(940)
    expect(world.server.last.received).toEqual([])
    await world.clock.advance(60)
    expect(world.server.last.received).toEqual(['ping'])
    expect(world.errors[0]?.phase).toBe('heartbeat')
  })

  it('a strategy that throws when told of a loss is reported, and the session comes back', async () => {
    const error = new Error('mine')
    const world = await openedWorld({
      heartbeat: {
        strategy: {
          intervalMs: (intervalMs) => intervalMs,
          lost() {
            throw error
          },
        },
      },
    })
    world.server.last.cut()
    await world.clock.advance(2_000)
    expect(world.errors).toEqual([{ phase: 'heartbeat', error }])
    expect(world.session.state.name).toBe('open')
  })
})

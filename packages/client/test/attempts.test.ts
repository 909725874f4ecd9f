import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connect, HoldfastError, isHoldfastError, type Phase, unauthorized } from '../src/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { nothingHeld, openedWorld, openWorld, stateOf, type World, type WorldOptions } from './world.ts'

const never = () => new Promise<never>(() => {})
const hour = 3_600_000

/** One provider, as options, with a switch: it is broken in its own way until `heal` is called. */
type Breakable = (broken: () => boolean) => WorldOptions

const breakWith = (bad: () => unknown, good: unknown) => (broken: () => boolean) => (): never =>
  (broken() ? bad() : good) as never

const fails = (): never => {
  throw new Error('the provider is broken')
}
const rejects = () => Promise.reject(new Error('the provider is broken'))

const url = 'ws://server.test/'
const providers: Record<string, { readonly phase: Phase; readonly options: Breakable }> = {}
const add = (name: string, phase: Phase, options: Breakable) => {
  providers[name] = { phase, options }
}
for (const [way, bad] of Object.entries({ throws: fails, rejects, hangs: never })) {
  add(`a URL provider that ${way}`, 'resolve', (broken) => ({ url: breakWith(bad, url)(broken) }))
  add(`a credentials provider that ${way}`, 'resolve', (broken) => ({
    credentials: breakWith(bad, 'token')(broken),
  }))
  add(`a protocols provider that ${way}`, 'resolve', (broken) => ({ protocols: breakWith(bad, [])(broken) }))
  add(`a headers provider that ${way}`, 'resolve', (broken) => ({ headers: breakWith(bad, {})(broken) }))
  add(`an admit hook that ${way}`, 'admit', (broken) => ({ admit: breakWith(bad, undefined)(broken) }))
  add(`an onConnected hook that ${way}`, 'hello', (broken) => ({
    onConnected: breakWith(bad, undefined)(broken),
  }))
}
for (const [what, value] of Object.entries({
  null: null,
  undefined,
  'an empty string': '',
  'a number': 5,
  'an object without href': {},
  'text that is no URL': 'not a url at all',
  'a URL of another scheme': 'ftp://server.test/',
  'a URL with a fragment': 'ws://server.test/#part',
})) {
  add(`a URL provider that gives ${what}`, 'resolve', (broken) => ({
    url: breakWith(() => value, url)(broken),
  }))
}
for (const [what, value] of Object.entries({
  null: null,
  'an empty name': '',
  'a name with a space': 'two words',
  'the same name twice': ['chat', 'chat'],
  'a list with a number': ['chat', 5],
})) {
  add(`a protocols provider that gives ${what}`, 'resolve', (broken) => ({
    protocols: breakWith(() => value, 'chat')(broken),
  }))
}
for (const [what, value] of Object.entries({ null: null, text: 'x: y', 'a number in it': { x: 5 } })) {
  add(`a headers provider that gives ${what}`, 'resolve', (broken) => ({
    headers: breakWith(() => value, { x: 'y' })(broken),
  }))
}
for (const [what, value] of Object.entries({
  'no number': {},
  'a negative time': { retryAfterMs: -1, cause: 'breaker' },
  'not a number': { retryAfterMs: Number.NaN, cause: 'breaker' },
  'a word': 'no',
})) {
  add(`an admit hook that answers ${what}`, 'admit', (broken) => ({
    admit: breakWith(() => value, undefined)(broken),
  }))
}

describe('a broken provider', () => {
  for (const [name, { phase, options }] of Object.entries(providers)) {
    it(`${name} is one failed attempt with backoff and one error, and the session recovers`, async () => {
      let broken = true
      const world = openWorld({ backoff: { baseMs: 1_000, capMs: 4_000 }, ...options(() => broken) })
      const { clock, session, errors, server } = world
      await clock.advance(0)
      await clock.advance(session.state.name === 'waiting' ? 0 : 10_000)
      expect(stateOf(world, 'waiting')).toMatchObject({ attempt: 2, delayMs: 500, cause: { phase } })
      expect(errors.map((error) => error.phase)).toEqual([phase])
      await clock.advance(60_000)
      expect(world.delays().slice(0, 4)).toEqual([500, 1_000, 2_000, 2_000])
      expect(errors).toHaveLength(world.delays().length)
      if (phase !== 'hello') expect(server.dials).toBe(0)
      broken = false
      await clock.advance(20_000)
      expect(session.state.name).toBe('open')
    })
  }

  it('a hanging provider is a timeout that names the phase and the limit', async () => {
    const world = openWorld({ url: never, connect: { resolveTimeoutMs: 700 } })
    await world.clock.advance(699)
    expect(stateOf(world, 'connecting').phase).toBe('resolve')
    await world.clock.advance(1)
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'timeout', phase: 'resolve', limitMs: 700 })
    expect(isHoldfastError(world.errors[0]?.error, 'timeout')).toBe(true)
  })

  it('an error of a provider reaches the error event as it was thrown', async () => {
    const thrown = new Error('mine')
    const world = openWorld({ credentials: () => Promise.reject(thrown) })
    await world.clock.advance(0)
    expect(world.errors).toEqual([{ phase: 'resolve', error: thrown }])
  })
})

describe('the limits of an attempt', () => {
  it('each phase has its own limit, counted from its own beginning', async () => {
    const later = (ms: number) => () =>
      new Promise<never>((resolve) => {
        clock.setTimeout(() => resolve(undefined as never), ms)
      })
    const world = openWorld({
      autoConnect: false,
      connect: { resolveTimeoutMs: 100, dialTimeoutMs: 100, helloTimeoutMs: 100 },
      server: { latencyMs: 90 },
      admit: () => later(90)(),
      credentials: () => later(90)(),
      onConnected: () => later(90)(),
    })
    const { clock, session } = world
    session.reconnect()
    await clock.advance(400)
    expect(session.state.name).toBe('open')
    expect(world.errors).toEqual([])
  })

  it('a dial that never ends is a timeout of the dial, and no error: networks do that', async () => {
    const world = openWorld({ server: { onDial: () => 'hang' }, connect: { dialTimeoutMs: 300 } })
    await world.clock.advance(300)
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'timeout', phase: 'dial', limitMs: 300 })
    expect(world.errors).toEqual([])
    expect(world.session.resources).toMatchObject({ sockets: 0 })
  })

  it('Infinity is no limit', async () => {
    let answer: (url: string) => void = () => {}
    const world = openWorld({
      url: () => new Promise<string>((resolve) => (answer = resolve)),
      connect: { resolveTimeoutMs: Number.POSITIVE_INFINITY },
    })
    await world.clock.advance(24 * hour)
    expect(stateOf(world, 'connecting').phase).toBe('resolve')
    answer('ws://server.test/')
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
  })

  it('the signal of a provider aborts at its limit, with the reason', async () => {
    let seen: AbortSignal | undefined
    const world = openWorld({
      url: ({ signal }) => {
        seen ??= signal
        return never()
      },
      connect: { resolveTimeoutMs: 50 },
    })
    await world.clock.advance(49)
    expect(seen?.aborted).toBe(false)
    await world.clock.advance(1)
    expect(seen?.aborted).toBe(true)
    expect(isHoldfastError(seen?.reason, 'timeout')).toBe(true)
  })

  it('the signal of a provider that was in time never aborts', async () => {
    const signals: AbortSignal[] = []
    const keep = ({ signal }: { signal: AbortSignal }) => void signals.push(signal)
    const world = await openedWorld({
      admit: (context) => keep(context),
      credentials: (context: { signal: AbortSignal }) => keep(context),
      onConnected: (context) => keep(context),
    })
    expect(signals).toHaveLength(3)
    world.session.dispose()
    await world.clock.advance(hour)
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false, false])
  })

  for (const end of ['dispose', 'pause', 'reconnect'] as const) {
    it(`the signal of a provider aborts at ${end}()`, async () => {
      const signals: AbortSignal[] = []
      const world = openWorld({
        url: ({ signal }) => {
          signals.push(signal)
          return never()
        },
      })
      await world.clock.advance(0)
      world.session[end]()
      expect(signals[0]?.aborted).toBe(true)
    })
  }
})

describe('what providers are told', () => {
  it('attempts are numbered from 1, and the cause says what ended the one before', async () => {
    const asked: unknown[] = []
    const world = openWorld({
      credentials: ({ attempt, cause }: { attempt: number; cause: { kind: string } }) => {
        asked.push([attempt, cause.kind])
        return `token ${attempt}`
      },
      server: { onDial: () => (world.server.dials < 3 ? 'refuse' : 'accept') },
    })
    await world.clock.advance(10_000)
    expect(world.session.state.name).toBe('open')
    expect(asked).toEqual([
      [1, 'not-started'],
      [2, 'unreachable'],
      [3, 'unreachable'],
    ])
  })

  it('the URL, the protocols and the headers are asked for every attempt, and told the credentials', async () => {
    const dialled: unknown[] = []
    let asked = 0
    const world = openWorld({
      credentials: () => `token-${++asked}`,
      url: ({ credentials }) => `ws://server.test/?t=${String(credentials)}`,
      protocols: ({ credentials }) => [String(credentials)],
      headers: ({ credentials }) => ({ authorization: String(credentials) }),
      server: {
        onDial: (to, protocols, { headers }) => {
          dialled.push([to, protocols, headers])
          return 'refuse'
        },
      },
    })
    await world.clock.advance(1_000)
    expect(dialled).toEqual([
      ['ws://server.test/?t=token-1', ['token-1'], { authorization: 'token-1' }],
      ['ws://server.test/?t=token-2', ['token-2'], { authorization: 'token-2' }],
    ])
  })

  it('http and https become ws and wss, and a URL object will do', async () => {
    const dialled: string[] = []
    const onDial = (to: string) => {
      dialled.push(to)
      return 'accept' as const
    }
    await openedWorld({ url: new URL('https://server.test/a?b=c'), server: { onDial } })
    await openedWorld({ url: () => 'http://server.test:81/', server: { onDial } })
    expect(dialled).toEqual(['wss://server.test/a?b=c', 'ws://server.test:81/'])
  })

  it('the count starts anew after a healthy connection', async () => {
    const asked: number[] = []
    const world = await openedWorld({
      url: ({ attempt }) => {
        asked.push(attempt)
        return url
      },
      backoff: { stableAfterMs: 5_000 },
    })
    world.server.last.cut()
    await world.clock.advance(2_000)
    world.server.last.cut()
    await world.clock.advance(3_000)
    expect(asked).toEqual([1, 2, 3])
    await world.clock.advance(5_000)
    world.server.last.cut()
    await world.clock.advance(2_000)
    expect(asked).toEqual([1, 2, 3, 1])
  })
})

describe('unauthorized()', () => {
  it('ends the session instead of trying again', async () => {
    const world = openWorld({ credentials: () => Promise.reject(unauthorized()) })
    await world.clock.advance(0)
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'unauthorized', phase: 'resolve' })
    expect(world.ends).toHaveLength(1)
  })

  it('is recognised from a second copy of the package, by its brand', async () => {
    const foreign = Object.assign(new Error('signed out'), { holdfast: true, code: 'unauthorized' })
    const world = openWorld({ url: () => Promise.reject(foreign) })
    await world.clock.advance(0)
    expect(stateOf(world, 'closed').cause).toMatchObject({ kind: 'unauthorized' })
  })

  it('any other error of ours is one failed attempt', async () => {
    const world = openWorld({ url: () => Promise.reject(new HoldfastError('closed', 'another session')) })
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'failed', phase: 'resolve' })
  })

  it('the classify option may overrule it', async () => {
    const world = openWorld({
      credentials: () => Promise.reject(unauthorized()),
      classify: ({ kind }) => (kind === 'unauthorized' ? 'retry' : undefined),
    })
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('waiting')
  })
})

describe('admit', () => {
  it('nothing is asked and nothing is dialled before it lets the attempt start', async () => {
    let letGo: () => void = () => {}
    let asked = 0
    const world = openWorld({
      admit: () =>
        new Promise<undefined>((resolve) => {
          letGo = () => resolve(undefined)
        }),
      url: () => {
        asked += 1
        return url
      },
    })
    await world.clock.advance(5_000)
    expect(stateOf(world, 'connecting').phase).toBe('admit')
    expect([asked, world.server.dials]).toEqual([0, 0])
    letGo()
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
  })

  it('may answer with a time to ask again: waiting, with the cause not-admitted, and no attempt is spent', async () => {
    let asked = 0
    const attempts: number[] = []
    const world = openWorld({
      backoff: { maxAttempts: 1 },
      admit: ({ attempt, cause }) => {
        attempts.push(attempt)
        asked += 1
        if (asked === 3) expect(cause).toMatchObject({ kind: 'not-admitted', by: 'breaker-open' })
        return asked < 3 ? { retryAfterMs: 4_000, cause: 'breaker-open' } : undefined
      },
    })
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting')).toMatchObject({
      attempt: 1,
      delayMs: 5_000,
      cause: { kind: 'not-admitted', by: 'breaker-open' },
    })
    await world.clock.advance(10_000)
    expect(world.session.state.name).toBe('open')
    expect(attempts).toEqual([1, 1, 1])
    expect(world.errors).toEqual([])
  })

  it('cannot make a session wait longer than five minutes and a half of it', async () => {
    const world = openWorld({
      random: () => 1 - Number.EPSILON,
      admit: () => ({ retryAfterMs: Number.POSITIVE_INFINITY, cause: 'breaker-open' }),
    })
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').delayMs).toBe(450_000)
  })
})

describe('createSocket', () => {
  for (const [what, socket] of Object.entries({
    undefined,
    null: null,
    'a number': 5,
    'a string': 'ws://server.test/',
    'an empty object': {},
    'an object with send only': { send() {} },
    'a socket that cannot be closed': { send() {}, addEventListener() {}, removeEventListener() {} },
    'a socket that cannot be left': { send() {}, addEventListener() {}, close() {} },
    'a promise': Promise.resolve(),
  })) {
    it(`that returns ${what} is a failed attempt with backoff and one error, and recovers`, async () => {
      let broken = true
      const world = openWorld({
        createSocket: (...args) => (broken ? (socket as never) : world.server.createSocket(...args)),
      })
      await world.clock.advance(0)
      expect(stateOf(world, 'waiting')).toMatchObject({
        delayMs: 1_000,
        cause: { kind: 'failed', phase: 'dial' },
      })
      expect(world.errors.map(({ phase }) => phase)).toEqual(['dial'])
      broken = false
      await world.clock.advance(1_000)
      expect(world.session.state.name).toBe('open')
    })
  }

  for (const [what, thrown] of Object.entries({ 'an error': new Error('no'), null: null, undefined })) {
    it(`that throws ${what} is a failed attempt with backoff and one error, and recovers`, async () => {
      let broken = true
      const world = openWorld({
        createSocket: (...args) => {
          if (broken) throw thrown
          return world.server.createSocket(...args)
        },
      })
      await world.clock.advance(0)
      expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'failed', phase: 'dial' })
      expect(world.errors).toEqual([{ phase: 'dial', error: thrown }])
      broken = false
      await world.clock.advance(1_000)
      expect(world.session.state.name).toBe('open')
    })
  }

  it('that throws a SecurityError ends nothing by guess: the cause is forbidden, and that is final', async () => {
    const error = Object.assign(new Error('blocked'), { name: 'SecurityError' })
    const world = openWorld({
      createSocket: () => {
        throw error
      },
    })
    await world.clock.advance(0)
    expect(stateOf(world, 'closed').cause).toEqual({ kind: 'forbidden', name: 'SecurityError' })
  })
})

/** The moments of an attempt at which something else may happen. */
const moments = ['admit', 'credentials', 'url', 'dial', 'hello'] as const
type Moment = (typeof moments)[number]

/** A session whose attempts stop at one moment until `go` is called; `held` tells whether one stands there. */
function heldWorld(moment: Moment): World & { go(): void; readonly dialled: string[] } {
  const waiting: (() => void)[] = []
  let holding = true
  const stop = async (at: Moment) => {
    if (at === moment && holding) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const dialled: string[] = []
  const latencyMs = moment === 'dial' ? 50 : 0
  const options: WorldOptions = {
    credentials: 'old',
    admit: async () => {
      await stop('admit')
      return undefined
    },
    onConnected: async ({ send, credentials }) => {
      await stop('hello')
      send(`hello ${String(credentials)}`)
    },
  }
  const world = openWorld({
    ...options,
    server: {
      latencyMs,
      onDial: (to) => {
        dialled.push(to)
        return 'accept'
      },
    },
    url: async ({ credentials }) => {
      await stop('url')
      return `ws://server.test/${String(credentials)}`
    },
  })
  if (moment === 'credentials') {
    world.session.setCredentials(async () => {
      await stop('credentials')
      return 'old'
    })
  }
  const go = () => {
    holding = false
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { ...world, go, dialled }
}

describe('a change of credentials', () => {
  for (const moment of moments) {
    it(`drops what is under way at the moment of ${moment}, and nothing completes with the old ones`, async () => {
      const world = heldWorld(moment)
      await world.clock.advance(moment === 'dial' ? 40 : 0)
      const dialledBefore = world.dialled.length
      world.session.setCredentials('new')
      world.go()
      await world.clock.advance(1_000)
      expect(world.session.state.name).toBe('open')
      expect(new Set(world.dialled.slice(dialledBefore))).toEqual(new Set(['ws://server.test/new']))
      expect(world.server.sockets.flatMap(({ received }) => received)).toEqual(['hello new'])
      expect(world.path().filter((name) => name === 'open')).toEqual(['open'])
    })

    it(`after pause() at the moment of ${moment} nothing goes on`, async () => {
      const world = heldWorld(moment)
      await world.clock.advance(moment === 'dial' ? 40 : 0)
      const dialledBefore = world.dialled.length
      world.session.pause('later')
      world.go()
      await world.clock.advance(hour)
      expect(stateOf(world, 'idle').cause).toEqual({ kind: 'paused', label: 'later' })
      expect(world.dialled).toHaveLength(dialledBefore)
      expect(world.session.resources).toMatchObject({ timers: 0, sockets: 0, closing: 0 })
      expect(world.server.sockets.flatMap(({ received }) => received)).toEqual([])
    })
  }

  it('replaces an open connection', async () => {
    const world = await openedWorld({
      credentials: 'old',
      onConnected: ({ send, credentials }) => send(String(credentials)),
    })
    world.session.setCredentials(() => Promise.resolve('new'))
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
    expect(world.server.sockets.map(({ received }) => received)).toEqual([['old'], ['new']])
    expect(world.server.sockets[0]?.closed).toBeDefined()
  })

  it('starts nothing in a session that is not trying', async () => {
    const world = openWorld({ autoConnect: false })
    world.session.setCredentials('new')
    await world.clock.advance(hour)
    expect(world.session.state.name).toBe('idle')
  })

  it('made inside a handler of any state is never followed by a dial with the old ones', async () => {
    for (const phase of ['admit', 'resolve', 'dial', 'hello'] as const) {
      const dialled: string[] = []
      const world = openWorld({
        autoConnect: false,
        credentials: 'old',
        url: ({ credentials }) => `ws://server.test/${String(credentials)}`,
        onConnected: () => {},
        server: {
          onDial: (to) => {
            dialled.push(to)
            return 'accept'
          },
        },
      })
      let changed = 0
      world.session.on('state', ({ state }) => {
        if (state.name === 'connecting' && state.phase === phase && changed === 0) {
          changed = dialled.length + 1
          world.session.setCredentials('new')
        }
      })
      world.session.reconnect()
      await world.clock.advance(100)
      expect([phase, world.session.state.name]).toEqual([phase, 'open'])
      expect(dialled.slice(changed - 1)).toEqual(['ws://server.test/new'])
    }
  })

  it('at any moment of any schedule is never followed by a connection with older ones', async () => {
    const step = fc.record({
      afterMs: fc.nat(120),
      do: fc.constantFrom('change', 'pause', 'reconnect', 'cut'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let version = 0
        const world = openWorld({
          server: { latencyMs: 20 },
          credentials: 0,
          url: ({ credentials, signal }) =>
            new Promise<string>((resolve) => {
              world.clock.setTimeout(() => resolve(`ws://server.test/${String(credentials)}`), 30)
              signal.addEventListener('abort', () => {}, { once: true })
            }),
        })
        let openWith: string | undefined
        world.session.on('state', ({ state }) => {
          if (state.name === 'open') openWith = world.server.last.url
          if (state.name === 'open') expect(openWith).toBe(`ws://server.test/${version}`)
        })
        for (const one of steps) {
          await world.clock.advance(one.afterMs)
          if (one.do === 'change') world.session.setCredentials(++version)
          else if (one.do === 'pause') world.session.pause()
          else if (one.do === 'reconnect') world.session.reconnect()
          else if (world.session.state.name === 'open') world.server.last.cut()
        }
        world.session.reconnect()
        await world.clock.advance(200)
        expect(world.session.state.name).toBe('open')
        expect(openWith).toBe(`ws://server.test/${version}`)
        expect(world.errors).toEqual([])
        world.session.dispose()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a superseded attempt', () => {
  it('that opens later is closed at once and tells nothing', async () => {
    const world = openWorld({ server: { latencyMs: 100 }, connect: { dialTimeoutMs: 80 } })
    await world.clock.advance(80)
    expect(world.session.state.name).toBe('waiting')
    await world.clock.advance(500)
    expect(world.path()).toEqual(['connecting', 'waiting'])
    expect(world.server.sockets.every(({ closed }) => closed !== undefined)).toBe(true)
    world.session.dispose()
  })

  it('whose provider answers later is not used', async () => {
    const answers: ((url: string) => void)[] = []
    const world = openWorld({ url: () => new Promise<string>((resolve) => answers.push(resolve)) })
    await world.clock.advance(0)
    world.session.reconnect()
    await world.clock.advance(0)
    answers[0]?.('ws://server.test/first')
    await world.clock.advance(0)
    expect(world.server.dials).toBe(0)
    answers[1]?.('ws://server.test/second')
    await world.clock.advance(0)
    expect(world.server.last.url).toBe('ws://server.test/second')
    expect(world.session.state.name).toBe('open')
  })
})

describe('maxAttempts', () => {
  it('attempts in a row that failed leave the session idle, and it holds nothing but its queue and listeners', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' }, backoff: { maxAttempts: 3 } })
    world.session.send('kept')
    await world.clock.advance(hour)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'attempts-exhausted', attempts: 3 })
    expect(world.server.dials).toBe(3)
    expect(world.session.queue.size).toBe(1)
    expect(world.session.resources).toMatchObject({ timers: 0, sockets: 0 })
  })

  it('reconnect() begins anew, with the whole number of attempts', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' }, backoff: { maxAttempts: 2 } })
    await world.clock.advance(hour)
    expect(world.session.reconnect()).toBe(true)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(4)
    expect(stateOf(world, 'idle').cause.kind).toBe('attempts-exhausted')
  })

  it('is unlimited by default', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' } })
    await world.clock.advance(4 * hour)
    expect(world.session.state.name).not.toBe('idle')
    expect(world.server.dials).toBeGreaterThan(900)
  })
})

describe('reconnect()', () => {
  const inState: Record<string, () => Promise<World>> = {
    idle: async () => openWorld({ autoConnect: false }),
    paused: async () => {
      const world = await openedWorld()
      world.session.pause()
      return world
    },
    connecting: async () => {
      let dials = 0
      const world = openWorld({ server: { onDial: () => (++dials === 1 ? 'hang' : 'accept') } })
      await world.clock.advance(0)
      return world
    },
    open: () => openedWorld(),
    waiting: async () => {
      let dials = 0
      const world = openWorld({ server: { onDial: () => (++dials === 1 ? 'refuse' : 'accept') } })
      await world.clock.advance(1)
      return world
    },
  }
  for (const [name, enter] of Object.entries(inState)) {
    it(`dials at once in the state ${name}`, async () => {
      const world = await enter()
      const dialled = world.server.dials
      expect(world.session.reconnect()).toBe(true)
      expect(stateOf(world, 'waiting')).toMatchObject({
        attempt: 1,
        delayMs: 0,
        cause: { kind: 'reconnect' },
      })
      await world.clock.advance(0)
      expect(world.session.state.name).toBe('open')
      expect(world.server.dials).toBe(dialled + 1)
      expect(world.session.resources).toMatchObject({ sockets: 1 })
    })
  }

  it('draws its delay from withinMs', async () => {
    const world = await openedWorld()
    world.session.reconnect({ withinMs: 3_000, cause: { kind: 'paused', label: 'mine' } })
    expect(stateOf(world, 'waiting')).toMatchObject({ delayMs: 1_500, cause: { label: 'mine' } })
  })

  it('returns false and does nothing when closing and when closed', async () => {
    const world = await openedWorld()
    world.server.last.freeze()
    void world.session.close()
    expect(world.session.state.name).toBe('closing')
    expect(world.session.reconnect()).toBe(false)
    world.session.dispose()
    expect(world.session.reconnect()).toBe(false)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(1)
  })

  it('cuts a wait short and starts the backoff anew', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' } })
    await world.clock.advance(120_000)
    expect(Math.max(...world.delays())).toBe(15_000)
    world.session.reconnect()
    await world.clock.advance(1)
    expect(stateOf(world, 'waiting')).toMatchObject({ attempt: 2, delayMs: 1_000 })
  })
})

describe('a server that accepts and then closes', () => {
  for (const [how, end] of Object.entries({
    'with a close frame': (world: World) => world.server.onConnection((socket) => socket.close(1011)),
    'by a cut': (world: World) => world.server.onConnection((socket) => socket.cut()),
  })) {
    it(`${how} at once is met with delays that grow to the cap`, async () => {
      const world = openWorld()
      end(world)
      await world.clock.advance(hour)
      expect(world.delays().slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
      expect(world.server.dials).toBeLessThan(250)
    })
  }

  it('the backoff begins anew only after stableAfterMs of health', async () => {
    const world = openWorld({ backoff: { stableAfterMs: 10_000 } })
    world.server.onConnection((socket) => world.clock.setTimeout(() => socket.cut(), 9_000))
    await world.clock.advance(120_000)
    expect(world.delays().slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
  })

  it('a connection that held longer than that is followed by the first delay', async () => {
    const world = openWorld({ backoff: { stableAfterMs: 10_000 } })
    world.server.onConnection((socket) => world.clock.setTimeout(() => socket.cut(), 11_000))
    await world.clock.advance(120_000)
    expect(new Set(world.delays())).toEqual(new Set([1_000]))
  })

  it('with stableAfterMs 0 every opening counts as health', async () => {
    const world = openWorld({ backoff: { stableAfterMs: 0 } })
    world.server.onConnection((socket) => socket.cut())
    await world.clock.advance(30_000)
    expect(new Set(world.delays())).toEqual(new Set([1_000]))
  })

  it('in no minute does any way to fail lead to more than sixty dials', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('refuse', 'hang', 'accept', 'close', 'cut', 'hint'), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer(),
        async (ways, seed) => {
          const dialledAt: number[] = []
          let dials = 0
          let dice = seed
          const world = openWorld({
            random: () => {
              dice = (dice * 1_103_515_245 + 12_345) & 0x7fffffff
              return dice / 0x80000000
            },
            backoff: { stableAfterMs: 10_000 },
            connect: { dialTimeoutMs: 1_000 },
            server: {
              onDial: () => {
                dialledAt.push(world.clock.now())
                const way = ways[dials++ % ways.length]
                return way === 'refuse' || way === 'hang' ? way : 'accept'
              },
            },
          })
          world.server.onConnection((socket) => {
            const way = ways[(dials - 1) % ways.length]
            if (way === 'close') socket.close(1011)
            else if (way === 'cut') socket.cut()
            else if (way === 'hint') socket.close(1013, 'retry-after-ms=0')
            else world.clock.setTimeout(() => socket.cut(), 5_000)
          })
          await world.clock.advance(240_000)
          world.session.dispose()
          const perMinute = dialledAt.map(
            (at) => dialledAt.filter((other) => other >= at && other < at + 60_000).length,
          )
          expect(Math.max(...perMinute)).toBeLessThanOrEqual(60)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('with no listener attached', () => {
  const ways: Record<string, WorldOptions> = {
    'refused dials': { server: { onDial: () => 'refuse' } },
    'broken providers': { url: () => Promise.reject(new Error('no')) },
    'sockets that cannot be made': {
      createSocket: () => {
        throw new Error('no')
      },
    },
    'refusing hooks': { onConnected: () => Promise.reject(new Error('no')) },
  }
  for (const [what, { server, url: target = url, ...options }] of Object.entries(ways)) {
    it(`a thousand ${what} are no uncaught error and no unhandled rejection`, async () => {
      const clock = new ManualClock()
      let attempts = 0
      const session = connect(target, {
        createSocket: fakeServer({ clock, ...server }).createSocket,
        ...options,
        clock,
        random: () => 1,
        backoff: { baseMs: 1, capMs: 1 },
        admit: () => {
          attempts += 1
          return undefined
        },
      })
      await clock.advance(1_000)
      session.dispose()
      expect(attempts).toBeGreaterThanOrEqual(1_000)
      // Either would fail the run.
      await clock.advance(0)
      expect(session.resources).toEqual(nothingHeld)
    })
  }
})

import { describe, expect, it, vi } from 'vitest'
import type { WhenHidden } from '../src/index.ts'
import { nothingHeld, openWorld, stateOf, type World, type WorldOptions } from './world.ts'

const hour = 3_600_000

/** Something that can be listened to, whose events the test makes. */
class Target {
  readonly #listeners = new Map<string, Set<(event: object) => void>>()
  visibilityState = 'visible'

  addEventListener = (type: string, run: (event: object) => void): void => {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(run))
  }

  removeEventListener = (type: string, run: (event: object) => void): void => {
    this.#listeners.get(type)?.delete(run)
  }

  fire(type: string, event: object = {}): void {
    for (const run of this.#listeners.get(type) ?? []) run(event)
  }

  get types(): string[] {
    return [...this.#listeners].filter(([, set]) => set.size > 0).map(([type]) => type)
  }
}

interface Page {
  readonly window: Target
  readonly document: Target
  readonly show: () => void
  readonly hide: () => void
}

/** Makes the test's own page out of `globalThis`. */
function openPage(): Page {
  const window = new Target()
  const document = new Target()
  vi.stubGlobal('addEventListener', window.addEventListener)
  vi.stubGlobal('removeEventListener', window.removeEventListener)
  vi.stubGlobal('document', document)
  const become = (state: string) => () => {
    document.visibilityState = state
    document.fire('visibilitychange')
  }
  return { window, document, show: become('visible'), hide: become('hidden') }
}

const appPing = { ping: () => 'ping', isPong: (message: unknown) => message === 'pong' }

/** Every signal that the world came back. */
const signals: Record<string, (page: Page) => void> = {
  online: ({ window }) => window.fire('online'),
  visible: ({ document }) => document.fire('visibilitychange'),
  pageshow: ({ window }) => window.fire('pageshow', { persisted: true }),
  resume: ({ document }) => document.fire('resume'),
}

/** A session that waits for long after refused dials; the server is up again. */
async function waitingWorld(options: WorldOptions = {}): Promise<World & { up(): void }> {
  let isUp = false
  const world = openWorld({
    server: { onDial: () => (isUp ? 'accept' : 'refuse') },
    backoff: { baseMs: 100_000, capMs: 100_000 },
    ...options,
  })
  await world.clock.advance(1)
  expect(stateOf(world, 'waiting').delayMs).toBe(50_000)
  return {
    ...world,
    up() {
      isUp = true
    },
  }
}

describe('a waiting session', () => {
  for (const [signal, fire] of Object.entries(signals)) {
    it(`dials within half a second after ${signal}, and says why`, async () => {
      const page = openPage()
      const world = await waitingWorld()
      world.up()
      fire(page)
      expect(stateOf(world, 'waiting')).toMatchObject({
        attempt: 1,
        delayMs: 250,
        cause: { kind: 'wake', signal },
      })
      await world.clock.advance(250)
      expect(world.session.state.name).toBe('open')
    })
  }

  it('dials within half a second after the clock jumped', async () => {
    openPage()
    const world = openWorld({ server: { onDial: () => (world.server.dials > 1 ? 'accept' : 'refuse') } })
    await world.clock.advance(0)
    world.session.reconnect({ withinMs: 20 * hour })
    world.clock.jump(2 * hour)
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').cause).toEqual({ kind: 'wake', signal: 'clock-jump' })
    await world.clock.advance(500)
    expect(world.session.state.name).toBe('open')
  })

  it('draws the moment, so that a whole office back online does not dial in the same instant', async () => {
    const page = openPage()
    const delays: number[] = []
    for (const draw of [0, 0.25, 0.999]) {
      let drawn = 0.5
      const world = await waitingWorld({ random: () => drawn })
      drawn = draw
      page.window.fire('online')
      delays.push(stateOf(world, 'waiting').delayMs)
      world.session.dispose()
    }
    expect(delays).toEqual([0, 125, 500])
  })

  it('several signals are one action', async () => {
    const page = openPage()
    const world = await waitingWorld()
    world.up()
    for (const fire of Object.values(signals)) fire(page)
    await world.clock.advance(1_000)
    expect(world.delays()).toEqual([50_000, 250])
    expect(world.server.dials).toBe(2)
    for (const fire of Object.values(signals)) fire(page)
  })

  it('that dials within half a second anyway is left alone', async () => {
    const page = openPage()
    const world = openWorld({ server: { onDial: () => 'refuse' }, backoff: { baseMs: 1_000 } })
    await world.clock.advance(0)
    const { state } = world.session
    page.window.fire('online')
    expect(world.session.state).toBe(state)
  })

  it('a failed dial after online spends no step of the backoff', async () => {
    const page = openPage()
    const world = await waitingWorld()
    page.window.fire('online')
    await world.clock.advance(251)
    expect(stateOf(world, 'waiting')).toMatchObject({ attempt: 2, delayMs: 50_000 })
  })
})

describe('an open session', () => {
  for (const [signal, fire] of Object.entries(signals)) {
    it(`is asked after ${signal}, and replaced when it is dead`, async () => {
      const page = openPage()
      const world = openWorld({ heartbeat: appPing })
      await world.clock.advance(0)
      world.server.last.freeze()
      fire(page)
      await world.clock.advance(3_000)
      expect(stateOf(world, 'waiting').cause.kind).toBe('liveness')
      await world.clock.advance(1_000)
      expect(world.session.state.name).toBe('open')
    })

    it(`that answers after ${signal} stays as it is`, async () => {
      const page = openPage()
      const world = openWorld({ heartbeat: appPing })
      world.server.onConnection((socket) => socket.onMessage(() => socket.send('pong')))
      await world.clock.advance(0)
      const { state } = world.session
      fire(page)
      await world.clock.advance(10_000)
      expect(world.session.state).toBe(state)
      expect(world.server.last.received).toEqual(['ping'])
    })
  }

  for (const [signal, redials] of [
    ['online', false],
    ['visible', false],
    ['pageshow', true],
    ['resume', true],
  ] as const) {
    it(`that cannot be asked is ${redials ? 'not believed' : 'left alone'} after ${signal}`, async () => {
      const page = openPage()
      const world = openWorld()
      await world.clock.advance(0)
      signals[signal]?.(page)
      await world.clock.advance(1_000)
      expect(world.server.dials).toBe(redials ? 2 : 1)
      expect(world.session.state.name).toBe('open')
    })
  }

  it('that cannot be asked is not believed after the clock jumped over a minute', async () => {
    openPage()
    const world = openWorld()
    await world.clock.advance(0)
    world.clock.jump(80_000)
    await world.clock.advance(1_000)
    expect(world.server.dials).toBe(1)
    world.clock.jump(95_000)
    await world.clock.advance(1_000)
    expect(world.server.dials).toBe(2)
  })

  it('several signals are one question', async () => {
    const page = openPage()
    const world = openWorld({ heartbeat: appPing })
    await world.clock.advance(0)
    for (const fire of Object.values(signals)) fire(page)
    await world.clock.advance(0)
    expect(world.server.last.received).toEqual(['ping'])
  })

  it('several signals are one new connection, where it cannot be asked', async () => {
    const page = openPage()
    const world = openWorld()
    await world.clock.advance(0)
    for (const fire of Object.values(signals)) fire(page)
    await world.clock.advance(10_000)
    expect(world.server.dials).toBe(2)
  })

  it('is not closed by offline, only asked', async () => {
    const page = openPage()
    const world = openWorld({ heartbeat: appPing })
    world.server.onConnection((socket) => socket.onMessage(() => socket.send('pong')))
    await world.clock.advance(0)
    const { state } = world.session
    page.window.fire('offline')
    await world.clock.advance(10_000)
    expect(world.server.last.received).toEqual(['ping'])
    expect(world.session.state).toBe(state)
  })
})

describe('offline', () => {
  it('does not keep a session from dialling, and does not hurry it', async () => {
    const page = openPage()
    const world = await waitingWorld()
    world.up()
    const { state } = world.session
    page.window.fire('offline')
    expect(world.session.state).toBe(state)
    await world.clock.advance(50_000)
    expect(world.session.state.name).toBe('open')
  })
})

describe('a throttled page', () => {
  it('is not taken for one that slept', async () => {
    openPage()
    const { ManualClock } = await import('../src/testing/index.ts')
    const clock = new ManualClock({ wakeAt: (dueAt) => Math.ceil(dueAt / 60_000) * 60_000 })
    const world = openWorld({ clock })
    await clock.advance(hour)
    expect(world.server.dials).toBe(1)
  })
})

describe('whenHidden', () => {
  const hidden = async (whenHidden: WhenHidden, options: WorldOptions = {}) => {
    const page = openPage()
    const world = openWorld({ whenHidden, ...options })
    await world.clock.advance(0)
    return { page, world }
  }

  it("'keep' changes nothing", async () => {
    const { page, world } = await hidden('keep')
    const { state } = world.session
    page.hide()
    await world.clock.advance(hour)
    expect(world.session.state).toBe(state)
  })

  it("'pauseRetries' keeps an open connection, and seeks none once it is lost", async () => {
    const { page, world } = await hidden('pauseRetries')
    page.hide()
    await world.clock.advance(hour)
    expect(world.session.state.name).toBe('open')
    world.server.last.cut()
    await world.clock.advance(hour)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'hidden' })
    expect(world.server.dials).toBe(1)
    page.show()
    await world.clock.advance(500)
    expect(world.session.state.name).toBe('open')
    world.server.last.cut()
    await world.clock.advance(2_000)
    expect(world.session.state.name).toBe('open')
  })

  it("'pauseRetries' stops a session that waits when the page is hidden", async () => {
    const { page, world } = await hidden('pauseRetries', { server: { onDial: () => 'refuse' } })
    expect(world.session.state.name).toBe('waiting')
    page.hide()
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'hidden' })
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(1)
  })

  it("'pauseRetries' holds for a session that is made on a hidden page", async () => {
    const page = openPage()
    page.document.visibilityState = 'hidden'
    const world = openWorld({ whenHidden: 'pauseRetries', server: { onDial: () => 'refuse' } })
    await world.clock.advance(hour)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'hidden' })
    expect(world.server.dials).toBeLessThanOrEqual(1)
  })

  it('closeAfterMs lets the connection go after that time, and it is back when the page is', async () => {
    const { page, world } = await hidden({ closeAfterMs: 300_000 })
    page.hide()
    await world.clock.advance(299_999)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(1)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'hidden' })
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(1)
    page.show()
    await world.clock.advance(500)
    expect(world.session.state.name).toBe('open')
  })

  it('closeAfterMs counts each time anew', async () => {
    const { page, world } = await hidden({ closeAfterMs: 1_000 })
    for (let turn = 0; turn < 5; turn += 1) {
      page.hide()
      await world.clock.advance(999)
      page.show()
      await world.clock.advance(999)
    }
    expect(world.server.dials).toBe(1)
  })

  it('closeAfterMs holds for a session that is made on a hidden page', async () => {
    const page = openPage()
    page.document.visibilityState = 'hidden'
    const world = openWorld({ whenHidden: { closeAfterMs: 1_000 } })
    await world.clock.advance(1_000)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'hidden' })
  })
})

describe('the back/forward cache', () => {
  it('pagehide lets the connection go at once, and pageshow from the cache brings it back', async () => {
    const page = openPage()
    const world = openWorld()
    await world.clock.advance(0)
    world.session.send('sent')
    page.window.fire('pagehide', { persisted: true })
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'pagehide' })
    expect(world.session.resources).toMatchObject({ sockets: 0 })
    world.session.send('queued')
    world.clock.jump(hour)
    page.window.fire('pageshow', { persisted: true })
    await world.clock.advance(500)
    expect(world.session.state.name).toBe('open')
    await world.clock.advance(0)
    expect(world.server.last.received).toEqual(['queued'])
    expect(world.server.dials).toBe(2)
  })

  it('pageshow of a page that was just loaded does nothing', async () => {
    const page = openPage()
    const world = await waitingWorld()
    const { state } = world.session
    page.window.fire('pageshow', { persisted: false })
    expect(world.session.state).toBe(state)
  })

  it('no listener is ever registered that would keep the page out of the cache', async () => {
    const page = openPage()
    const world = openWorld({ whenHidden: 'pauseRetries' })
    await world.clock.advance(0)
    expect(page.window.types).not.toContain('unload')
    expect(page.window.types).not.toContain('beforeunload')
    world.session.dispose()
    expect([...page.window.types, ...page.document.types]).toEqual([])
    expect(world.session.resources).toEqual({ ...nothingHeld, closing: world.session.resources.closing })
  })
})

describe('what the user paused', () => {
  for (const [signal, fire] of Object.entries(signals)) {
    it(`stays paused after ${signal}`, async () => {
      const page = openPage()
      const world = openWorld()
      await world.clock.advance(0)
      world.session.pause('mine')
      fire(page)
      await world.clock.advance(hour)
      expect(stateOf(world, 'idle').cause).toEqual({ kind: 'paused', label: 'mine' })
    })
  }

  it('stays paused when it was paused while the page was hidden or away', async () => {
    for (const leave of ['hide', 'pagehide'] as const) {
      const page = openPage()
      const world = openWorld({ whenHidden: { closeAfterMs: 0 } })
      await world.clock.advance(0)
      if (leave === 'hide') page.hide()
      else page.window.fire('pagehide', { persisted: true })
      await world.clock.advance(0)
      expect(world.session.state.name).toBe('idle')
      expect(world.session.pause('mine')).toBe(true)
      page.show()
      page.window.fire('pageshow', { persisted: true })
      await world.clock.advance(hour)
      expect(stateOf(world, 'idle').cause).toEqual({ kind: 'paused', label: 'mine' })
      world.session.dispose()
    }
  })

  it('is not taken over by pagehide, and so stays paused', async () => {
    const page = openPage()
    const world = openWorld()
    await world.clock.advance(0)
    world.session.pause('mine')
    page.window.fire('pagehide', { persisted: true })
    page.window.fire('pageshow', { persisted: true })
    await world.clock.advance(hour)
    expect(stateOf(world, 'idle').cause).toEqual({ kind: 'paused', label: 'mine' })
  })

  it('a session not started stays so', async () => {
    const page = openPage()
    const world = openWorld({ autoConnect: false })
    for (const fire of Object.values(signals)) fire(page)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(0)
  })
})

describe('a session out of attempts', () => {
  for (const [signal, fire] of Object.entries(signals)) {
    it(`begins anew after ${signal}`, async () => {
      const page = openPage()
      let isUp = false
      const world = openWorld({
        server: { onDial: () => (isUp ? 'accept' : 'refuse') },
        backoff: { maxAttempts: 2 },
      })
      await world.clock.advance(60_000)
      expect(stateOf(world, 'idle').cause.kind).toBe('attempts-exhausted')
      isUp = true
      fire(page)
      await world.clock.advance(500)
      expect(world.session.state.name).toBe('open')
    })
  }
})

describe('a suspended page', () => {
  it.each([30_000, 300_000, 8 * hour])('of %d ms is back with exactly one new connection', async (ms) => {
    const page = openPage()
    const world = openWorld({ heartbeat: appPing })
    world.server.onConnection((socket) => socket.onMessage(() => socket.send('pong')))
    await world.clock.advance(0)
    world.server.last.freeze()
    world.clock.jump(ms)
    page.show()
    page.document.fire('resume')
    page.window.fire('online')
    await world.clock.advance(3_000 + 2_000)
    expect(world.session.state.name).toBe('open')
    expect(world.server.dials).toBe(2)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(2)
  })
})

describe('a closed or closing session', () => {
  it('takes no notice of the page', async () => {
    const page = openPage()
    const world = openWorld()
    await world.clock.advance(0)
    world.server.last.freeze()
    void world.session.close()
    for (const fire of Object.values(signals)) fire(page)
    page.window.fire('pagehide')
    expect(world.session.state.name).toBe('closing')
    await world.clock.advance(2_000)
    expect(world.session.state.name).toBe('closed')
    for (const fire of Object.values(signals)) fire(page)
    await world.clock.advance(hour)
    expect(world.server.dials).toBe(1)
  })
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { utf8Bytes } from '../src/stats/message-bytes.ts'
import { Samples } from '../src/stats/samples.ts'
import { stats } from '../src/stats/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { nothingHeld, openedWorld, openWorld } from './world.ts'

describe('stats', () => {
  it('counts messages and bytes both ways, text as UTF-8', async () => {
    const world = await openedWorld()
    const counted = stats(world.session, { clock: world.clock })
    world.session.send('grün')
    world.session.send(new Uint8Array(10))
    world.session.send(new Blob(['abc']))
    world.server.last.send('€')
    world.server.last.send(new ArrayBuffer(7))
    await world.clock.advance(0)
    expect(counted.snapshot()).toMatchObject({
      messages: { in: 2, out: 3 },
      bytes: { in: 10, out: 18 },
    })
  })

  it('counts a message when it is handed to the connection, not while it waits', async () => {
    const world = openWorld()
    const counted = stats(world.session, { clock: world.clock })
    world.session.send('waits')
    expect(counted.snapshot().messages.out).toBe(0)
    await world.clock.advance(0)
    expect(counted.snapshot().messages.out).toBe(1)
  })

  it('counts attempts, connections and causes, and the time in each state', async () => {
    const dials: ('accept' | 'refuse')[] = ['accept', 'refuse', 'accept']
    const world = openWorld({ server: { onDial: () => dials.shift() ?? 'accept' } })
    const counted = stats(world.session, { clock: world.clock })
    await world.clock.advance(10_000)
    world.server.last.close(1012)
    await world.clock.advance(20_000)
    world.session.pause({ kind: 'idle', idleMs: 5 })
    await world.clock.advance(5_000)
    world.session.dispose()
    const { stateMs, ...snapshot } = counted.snapshot()
    expect(snapshot).toEqual({
      since: Date.UTC(2026, 0, 1),
      durationMs: 35_000,
      state: 'closed',
      messages: { in: 0, out: 0 },
      bytes: { in: 0, out: 0 },
      attempts: 3,
      opens: 2,
      reconnects: 1,
      resumes: 0,
      gaps: 0,
      causes: { 'server-close': 1, unreachable: 1, idle: 1, disposed: 1 },
      closeCodes: { 1012: 1 },
      rttMs: null,
    })
    const total = Object.values(stateMs).reduce((sum, ms) => sum + ms, 0)
    expect([total, stateMs.idle, stateMs.waiting > 0]).toEqual([35_000, 5_000, true])
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
  })

  it('stands still after the end, and holds nothing', async () => {
    const world = await openedWorld()
    const before = world.session.resources.listeners
    const counted = stats(world.session, { clock: world.clock })
    await world.clock.advance(1_000)
    counted.dispose()
    counted.dispose()
    expect(world.session.resources.listeners).toBe(before)
    const last = counted.snapshot()
    world.server.last.send('not counted')
    await world.clock.advance(60_000)
    expect(counted.snapshot()).toEqual(last)
    const other = stats(world.session, { clock: world.clock })
    world.session.dispose()
    await world.clock.advance(0)
    expect([world.session.resources, world.clock.pending]).toEqual([nothingHeld, 0])
    expect(other.snapshot().causes).toEqual({ disposed: 1 })
    expect(stats(world.session, { clock: world.clock }).snapshot().state).toBe('closed')
  })

  it('begins anew after reset', async () => {
    const world = await openedWorld()
    const counted = stats(world.session, { clock: world.clock })
    world.session.send('one')
    world.server.last.cut()
    await world.clock.advance(9_000)
    counted.reset()
    await world.clock.advance(1_000)
    world.session.send('two')
    expect(counted.snapshot()).toMatchObject({
      since: world.clock.now() - 1_000,
      durationMs: 1_000,
      opens: 0,
      attempts: 0,
      causes: {},
      messages: { in: 0, out: 1 },
      stateMs: { idle: 0, connecting: 0, open: 1_000, waiting: 0, closing: 0, closed: 0 },
    })
  })

  it('leaves it to the platform to show the errors of handlers', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const clock = new ManualClock()
    const session = connect('ws://server.test/', { clock, createSocket: fakeServer({ clock }).createSocket })
    stats(session, { clock })
    session.on('state', () => {
      throw new Error('a bug')
    })
    await clock.advance(0)
    session.dispose()
    expect(reported[0]).toMatchObject({ message: 'a bug' })
  })

  it('samples round-trip times, each once', async () => {
    const world = openWorld({
      server: { latencyMs: 20 },
      heartbeat: { intervalMs: 10_000, ping: () => 'ping', isPong: (message) => message === 'pong' },
    })
    await world.clock.advance(20)
    const delays = [0, 60, 10, 160]
    world.server.last.onMessage(() => {
      world.clock.setTimeout(() => world.server.last.send('pong'), delays.shift() ?? 0)
    })
    const counted = stats(world.session, { clock: world.clock, sampleMs: 1_000 })
    expect(counted.snapshot().rttMs).toBeNull()
    await world.clock.advance(41_000)
    expect(counted.snapshot().rttMs).toEqual({
      samples: 4,
      last: 200,
      min: 40,
      p50: 50,
      p90: 200,
      p99: 200,
      max: 200,
    })
  })

  it('allocates nothing for a message', () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const handlers = new Map<string, (event: string) => void>()
    const session = {
      state: { name: 'open' },
      on: (type: string, handler: (event: string) => void) => {
        handlers.set(type, handler)
        return () => {}
      },
    }
    const counted = stats(session as unknown as Session, { sampleMs: Infinity })
    const [received, sent] = [handlers.get('message'), handlers.get('sent')]
    const times = 200_000
    const run = () => {
      for (let n = 0; n < times; n += 1) {
        received?.('a message')
        sent?.('another')
      }
    }
    run()
    run()
    gc()
    const before = process.memoryUsage().heapUsed
    run()
    // One number in a box for each message would be more than 6 MB, and less than what makes the collector run.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000)
    expect(counted.snapshot().messages).toEqual({ in: 3 * times, out: 3 * times })
    counted.dispose()
  })

  it.each([
    [{ sampleMs: 0 }, /stats\.sampleMs: must be from 1 .*got 0/],
    [{ maxSamples: 0 }, /stats\.maxSamples: must be from 1 .*got 0/],
    [{ userTiming: 'yes' }, /stats\.userTiming: must be a boolean, got "yes"/],
    [{ sample: 1 }, /unknown option stats\.sample/],
  ])('refuse bad options: %j', (options, expected) => {
    expect(() => stats(openWorld().session, options as never)).toThrow(expected)
  })
})

describe('userTiming', () => {
  it('writes each state that is left into the timeline, and leaves no pile there', async () => {
    performance.clearMeasures()
    const world = await openedWorld({ backoff: { stableAfterMs: 0, baseMs: 10 } })
    stats(world.session, { clock: world.clock, userTiming: true })
    for (let n = 0; n < 240; n += 1) {
      world.server.last.cut()
      await world.clock.advance(10)
    }
    const measures = performance.getEntriesByType('measure')
    const named = (name: string) => measures.filter((entry) => entry.name === name)
    expect(new Set(measures.map(({ name }) => name))).toEqual(
      new Set(['holdfast:open', 'holdfast:waiting', 'holdfast:connecting']),
    )
    expect([named('holdfast:open').length, named('holdfast:connecting').length]).toEqual([41, 41])
    expect(named('holdfast:open').at(-1)).toMatchObject({ detail: { next: 'waiting', cause: 'lost' } })
    expect(measures.every(({ duration }) => duration >= 0)).toBe(true)
    performance.clearMeasures()
  })

  it('is off unless asked for', async () => {
    performance.clearMeasures()
    const world = await openedWorld()
    stats(world.session, { clock: world.clock })
    world.session.dispose()
    expect(performance.getEntriesByType('measure')).toEqual([])
  })
})

describe('the parts', () => {
  it('count the bytes of any text as the platform does', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', 'ü', '€', '😀', '\ud83d', '\ude00') }),
    )
    fc.assert(fc.property(text, (one) => utf8Bytes(one) === Buffer.byteLength(one)))
  })

  it('give percentiles that are measurements, in order, of the latest ones only', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 10 }), (all, most) => {
        const samples = new Samples(most)
        for (const one of all) samples.add(one)
        const spread = samples.spread()
        const kept = all.slice(-most)
        const { min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0 } = spread ?? {}
        expect(spread).toMatchObject({ samples: kept.length, last: all.at(-1) })
        expect([min, max]).toEqual([Math.min(...kept), Math.max(...kept)])
        for (const [share, value] of [
          [0.5, p50],
          [0.9, p90],
          [0.99, p99],
        ] as const) {
          expect(kept).toContain(value)
          expect(kept.filter((one) => one <= value).length).toBeGreaterThanOrEqual(share * kept.length)
          expect(kept.filter((one) => one < value).length).toBeLessThan(share * kept.length)
        }
        samples.clear()
        expect(samples.spread()).toBeNull()
      }),
    )
  })
})

import { afterEach, describe, expect, it } from 'vitest'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { type DialLimit, dialLimit, type DialLimitOptions } from '../src/rate/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { endWithTest } from './end-with-test.ts'

const sessions: Session[] = []

afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose()
})

function start(perSecond: number, burst: number) {
  const clock = new ManualClock()
  const limit = endWithTest(dialLimit({ perSecond, burst, clock }))
  const server = fakeServer({ clock })
  const dials: { readonly who: number; readonly atMs: number }[] = []
  const open = (
    who: number,
    options: SessionOptions = {},
    limits: readonly DialLimit[] = [limit],
  ): Session => {
    const session = connect('ws://server.test', {
      clock,
      plugs: limits.map(({ plug }) => plug),
      createSocket: (...args) => {
        dials.push({ who, atMs: clock.monotonicMs() })
        return server.createSocket(...args)
      },
      ...options,
    })
    sessions.push(session)
    return session
  }
  return { clock, limit, server, dials, open }
}

describe('sessions under dialLimit()', () => {
  it('dial in the order in which they asked, each at its own time to the millisecond', async () => {
    const { clock, dials, open } = start(2, 3)
    for (let who = 0; who < 40; who += 1) open(who)
    await clock.advance(60_000)
    expect(dials.map(({ who }) => who)).toEqual(Array.from({ length: 40 }, (_, who) => who))
    expect(dials.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 40 }, (_, who) => Math.max(0, (who - 2) * 500)),
    )
  })

  it('say in their state whom they wait for, when it takes longer than a second', async () => {
    const { clock, open } = start(0.1, 1)
    open(0)
    const second = open(1)
    await clock.advance(0)
    expect(second.state).toMatchObject({ name: 'waiting', attempt: 1, cause: { by: 'dial-rate' } })
    await clock.advance(9_999)
    expect(second.state.name).not.toBe('open')
    await clock.advance(1)
    expect(second.state.name).toBe('open')
  })

  it('keep their turn when somebody else forbids the dial, and give it back at their end', async () => {
    const { clock, limit, dials, open } = start(1, 1)
    const strict = endWithTest(dialLimit({ perSecond: 0.01, burst: 1, clock }))
    const [first, second] = [open(0, {}, [limit, strict]), open(1, {}, [limit, strict])]
    await clock.advance(1_000)
    expect([first.state.name, second.state.name]).toEqual(['open', 'waiting'])
    second.dispose()
    await clock.advance(0)
    open(2)
    await clock.advance(0)
    expect(dials.map(({ who }) => who)).toEqual([0, 2])
  })

  it('an attempt that is given up while it waits leaves nothing behind, and the next one keeps the turn', async () => {
    const { clock, dials, open } = start(1, 1)
    open(0, { heartbeat: false, backoff: { stableAfterMs: 0 } })
    await clock.advance(0)
    const second = open(1)
    await clock.advance(500)
    const waiting = clock.pending
    second.pause('a while')
    await clock.advance(0)
    expect(waiting).toBeGreaterThan(0)
    expect(clock.pending).toBe(0)
    await clock.advance(400)
    second.reconnect()
    await clock.advance(100)
    expect(dials.map(({ who, atMs }) => [who, atMs])).toEqual([
      [0, 0],
      [1, 1_000],
    ])
  })

  it('dispose() settles an attempt that waits with a clear error, and nothing is limited any more', async () => {
    const { clock, limit, open } = start(1, 1)
    open(0)
    const errors: unknown[] = []
    const second = open(1, { random: () => 0 })
    second.on('error', ({ phase, error }) => errors.push([phase, String(error)]))
    await clock.advance(100)
    expect(second.state).toMatchObject({ name: 'connecting', phase: 'admit' })
    limit[Symbol.dispose]()
    limit.dispose()
    await clock.advance(0)
    expect(errors).toEqual([['admit', 'HoldfastError: [closed] dial limit: disposed']])
    await clock.advance(0)
    expect(second.state.name).toBe('open')
    const third = open(2)
    await clock.advance(0)
    expect(third.state.name).toBe('open')
  })

  it('asks an admit that was there before first', async () => {
    const { clock, dials, open } = start(1, 1)
    let asked = 0
    open(0, { admit: () => (asked++ < 3 ? { retryAfterMs: 10, cause: 'busy' } : undefined), random: () => 0 })
    await clock.advance(30)
    expect(asked).toBe(4)
    expect(dials).toEqual([{ who: 0, atMs: 30 }])
  })
})

it('dialLimit() refuses numbers out of bounds and names them', () => {
  const wrong = (options: object) => () => void dialLimit(options as DialLimitOptions)
  expect(wrong({})).toThrow('dialLimit.perSecond: must be a number, got undefined')
  expect(wrong({ perSecond: Infinity })).toThrow('dialLimit.perSecond: must be from')
  expect(wrong({ perSecond: 1, burst: 0.5 })).toThrow('dialLimit.burst: must be from 1')
  expect(wrong({ perSecond: 1, clock: {} })).toThrow('dialLimit.clock.now')
})

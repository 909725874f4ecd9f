import { describe, expect, it } from 'vitest'
import { type RetryBudget, retryBudget, type RetryBudgetOptions } from '../src/breaker/index.ts'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { type DialAnswer, fakeServer, ManualClock } from '../src/testing/index.ts'
import { endWithTest } from './end-with-test.ts'

function start(options: Partial<RetryBudgetOptions> = {}) {
  const clock = new ManualClock()
  const budget: RetryBudget = endWithTest(retryBudget({ clock, ...options }))
  const mood: { answer: DialAnswer } = { answer: 'refuse' }
  const server = fakeServer({ clock, onDial: () => mood.answer })
  const open = (own: SessionOptions = {}): Session =>
    endWithTest(
      connect('ws://server.test', {
        clock,
        random: () => 0.5,
        createSocket: server.createSocket,
        plugs: [budget.plug],
        heartbeat: false,
        backoff: { baseMs: 100, capMs: 100 },
        ...own,
      }),
    )
  return { clock, budget, mood, server, open }
}

describe('sessions under retryBudget()', () => {
  it('retry as often as was saved up, then as fast as every second earns', async () => {
    const { clock, server, open } = start({ maxRetries: 5, perSecond: 1, perSuccess: 0 })
    for (let n = 0; n < 10; n += 1) open()
    await clock.advance(0)
    expect(server.dials).toBe(10)
    await clock.advance(100)
    expect(server.dials).toBe(15)
    await clock.advance(20_000)
    expect(server.dials - 15).toBeGreaterThanOrEqual(18)
    expect(server.dials - 15).toBeLessThanOrEqual(20)
  })

  it('say in their state whom they wait for', async () => {
    const { clock, open } = start({ maxRetries: 1, perSecond: 0.01 })
    const session = open()
    await clock.advance(1_000)
    expect(session.state).toMatchObject({ name: 'waiting', attempt: 3, cause: { by: 'retry-budget' } })
  })

  it('never retry more than successes earn, where seconds earn nothing', async () => {
    const { clock, budget, mood, server, open } = start({ maxRetries: 4, perSecond: 0, perSuccess: 0.5 })
    open()
    await clock.advance(60_000)
    expect(server.dials).toBe(5)
    expect(budget.retries).toBe(0)
    mood.answer = 'accept'
    for (let n = 0; n < 4; n += 1) open()
    await clock.advance(0)
    expect(budget.retries).toBe(2)
    for (let n = 0; n < 40; n += 1) open()
    await clock.advance(0)
    expect(budget.retries).toBe(4)
  })

  it('a retry that did not come to a dial is given back', async () => {
    const { clock, budget, open } = start({ maxRetries: 3, perSecond: 0 })
    let attempts = 0
    const session = open({
      credentials: () => {
        attempts += 1
        if (attempts > 1) throw new Error('no token')
        return 'token'
      },
    })
    await clock.advance(10_000)
    expect(attempts).toBeGreaterThan(10)
    expect(budget.retries).toBe(3)
    session.dispose()
    expect(budget.retries).toBe(3)
  })

  it('the first attempt after a healthy connection is free, and so is reconnect()', async () => {
    const { clock, budget, mood, server, open } = start({ maxRetries: 1, perSecond: 0, perSuccess: 0 })
    mood.answer = 'accept'
    const session = open({ backoff: { baseMs: 100, capMs: 100, stableAfterMs: 10 } })
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(1_000)
      server.last.cut()
    }
    await clock.advance(1_000)
    session.reconnect()
    await clock.advance(1_000)
    expect([server.dials, budget.retries]).toEqual([7, 1])
  })

  it('after dispose() retries are free', async () => {
    const { clock, budget, server, open } = start({ maxRetries: 1, perSecond: 0.1 })
    open()
    await clock.advance(1_000)
    expect(server.dials).toBe(2)
    budget[Symbol.dispose]()
    budget.dispose()
    await clock.advance(20_000)
    expect(server.dials).toBeGreaterThan(50)
  })
})

it('retryBudget() refuses numbers out of bounds and names them', () => {
  expect(() => retryBudget({ perSuccess: -1 })).toThrow('retryBudget.perSuccess: must be from 0')
  expect(() => retryBudget({ maxRetries: 0 })).toThrow('retryBudget.maxRetries: must be from 1')
  expect(() => retryBudget({ ratio: 1 } as object)).toThrow('unknown option retryBudget.ratio')
})

import { describe, expect, it } from 'vitest'
import { type Clock, systemClock, unrefClock } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

describe('systemClock', () => {
  it('tells the time of the machine', () => {
    const before = Date.now()
    const told = systemClock.now()
    expect(told).toBeGreaterThanOrEqual(before)
    expect(told).toBeLessThanOrEqual(Date.now())
  })

  it('measures durations that never step back', () => {
    const first = systemClock.monotonicMs()
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first)
  })

  it('runs a timer, and not one that was forgotten', async () => {
    const ran: string[] = []
    await new Promise<void>((resolve) => {
      const forgotten = systemClock.setTimeout(() => ran.push('forgotten'), 0)
      systemClock.setTimeout(() => {
        ran.push('due')
        resolve()
      }, 1)
      systemClock.clearTimeout(forgotten)
    })
    expect(ran).toEqual(['due'])
  })
})

describe('unrefClock', () => {
  it('makes timers that do not keep the process alive', () => {
    const clock = unrefClock(systemClock)
    const handle = clock.setTimeout(() => {}, 1_000) as NodeJS.Timeout
    expect(handle.hasRef()).toBe(false)
    clock.clearTimeout(handle)
  })

  it('passes everything else on, and takes handles without unref', async () => {
    const inner = new ManualClock()
    const clock: Clock = unrefClock(inner)
    const ran: string[] = []
    clock.setTimeout(() => ran.push('due'), 10)
    clock.clearTimeout(clock.setTimeout(() => ran.push('forgotten'), 10))
    await inner.advance(10)
    expect(ran).toEqual(['due'])
    expect(clock.now()).toBe(inner.now())
    expect(clock.monotonicMs()).toBe(10)
  })
})

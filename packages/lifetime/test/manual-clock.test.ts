import { describe, expect, it } from 'vitest'
import { ManualClock } from '../src/testing/index.ts'

describe('ManualClock.advance', () => {
  it('runs what falls due in order of time, each at its own moment', async () => {
    const clock = new ManualClock({ startAt: 1_000 })
    const ran: [string, number][] = []
    clock.setTimeout(() => ran.push(['late', clock.now()]), 20)
    clock.setTimeout(() => ran.push(['early', clock.now()]), 10)
    clock.setTimeout(() => ran.push(['early too', clock.now()]), 10)
    clock.setTimeout(() => ran.push(['not yet', clock.now()]), 31)
    await clock.advance(30)
    expect(ran).toEqual([
      ['early', 1_010],
      ['early too', 1_010],
      ['late', 1_020],
    ])
    expect(clock.now()).toBe(1_030)
    expect(clock.monotonicMs()).toBe(30)
    expect(clock.pending).toBe(1)
  })

  it('runs timers that timers set on the way', async () => {
    const clock = new ManualClock()
    const ranAtMs: number[] = []
    const tick = () => {
      ranAtMs.push(clock.monotonicMs())
      clock.setTimeout(tick, 10)
    }
    clock.setTimeout(tick, 10)
    await clock.advance(35)
    expect(ranAtMs).toEqual([10, 20, 30])
  })

  it('lets promises have their turn between two timers', async () => {
    const clock = new ManualClock()
    const order: string[] = []
    clock.setTimeout(() => {
      void Promise.resolve()
        .then(() => {})
        .then(() => order.push('promise'))
    }, 10)
    clock.setTimeout(() => order.push('timer'), 10)
    await clock.advance(10)
    expect(order).toEqual(['promise', 'timer'])
  })

  it('does not run a timer that was forgotten', async () => {
    const clock = new ManualClock()
    let ran = false
    clock.clearTimeout(
      clock.setTimeout(() => {
        ran = true
      }, 5),
    )
    await clock.advance(10)
    expect(ran).toBe(false)
  })

  it('never steps back when a timer jumps past its end', async () => {
    const clock = new ManualClock({ startAt: 0 })
    clock.setTimeout(() => clock.jump(1_000), 5)
    await clock.advance(10)
    expect(clock.now()).toBe(1_005)
    expect(clock.monotonicMs()).toBe(1_005)
  })
})

describe('ManualClock.jump', () => {
  it('moves time on and runs nothing until the next advance', async () => {
    const clock = new ManualClock({ startAt: 0 })
    const ranAt: number[] = []
    clock.setTimeout(() => ranAt.push(clock.now()), 10)
    clock.jump(60_000)
    expect(ranAt).toEqual([])
    expect(clock.monotonicMs()).toBe(60_000)
    await clock.advance(0)
    expect(ranAt).toEqual([60_000])
  })
})

describe('ManualClock', () => {
  it('runs timers at the time that wakeAt maps them to, as a throttled page does', async () => {
    const clock = new ManualClock({ startAt: 0, wakeAt: (dueAt) => Math.ceil(dueAt / 1_000) * 1_000 })
    const ranAt: number[] = []
    clock.setTimeout(() => ranAt.push(clock.now()), 10)
    clock.setTimeout(() => ranAt.push(clock.now()), 1_001)
    await clock.advance(2_000)
    expect(ranAt).toEqual([1_000, 2_000])
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses to move by %s ms, naming the bound and the value',
    async (ms) => {
      const clock = new ManualClock()
      const message = `ms: a finite number of at least 0 is needed, got ${ms}`
      await expect(clock.advance(ms)).rejects.toThrow(new RangeError(message))
      expect(() => clock.jump(ms)).toThrow(new RangeError(message))
    },
  )
})

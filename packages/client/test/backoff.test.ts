import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelayMs, defaults, hintDelayMs } from '../src/index.ts'

const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const retry = fc.nat(5_000)

describe('backoffDelayMs()', () => {
  it('stays from 0 to the smaller of cap and doubled base, for any draw and any retry', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.nat(600_000),
        retry,
        dice,
        (baseMs, more, n, draw) => {
          const delayMs = backoffDelayMs({ baseMs, capMs: baseMs + more }, n, () => draw)
          expect(delayMs).toBeGreaterThanOrEqual(0)
          expect(delayMs).toBeLessThanOrEqual(Math.min(baseMs + more, baseMs * 2 ** n))
        },
      ),
    )
  })

  it('uses the whole range from the very first retry on', () => {
    fc.assert(
      fc.property(retry, (n) => {
        const upperMs = Math.min(30_000, 2_000 * 2 ** n)
        expect(backoffDelayMs(defaults.backoff, n, () => 0)).toBe(0)
        expect(backoffDelayMs(defaults.backoff, n, () => 0.5)).toBe(upperMs / 2)
        expect(backoffDelayMs(defaults.backoff, n, () => 0.999)).toBeCloseTo(upperMs * 0.999)
      }),
    )
  })

  it('doubles its upper end with each retry until the cap', () => {
    const upper = [0, 1, 2, 3, 4, 5].map((n) => backoffDelayMs(defaults.backoff, n, () => 1))
    expect(upper).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('never grows less with a later retry, for the same draw', () => {
    fc.assert(
      fc.property(retry, dice, (n, draw) => {
        const at = (one: number) => backoffDelayMs(defaults.backoff, one, () => draw)
        expect(at(n + 1)).toBeGreaterThanOrEqual(at(n))
      }),
    )
  })

  it('an endless cap is no cap', () => {
    expect(backoffDelayMs({ baseMs: 1, capMs: Number.POSITIVE_INFINITY }, 20, () => 0.5)).toBe(2 ** 19)
  })

  it('two hundred clients cut at once come back spread out: at most 15 % of them in any 100 ms', () => {
    let seed = 7
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
      return seed / 0x80000000
    }
    const dialledAt = Array.from({ length: 200 }, () => backoffDelayMs(defaults.backoff, 0, random))
    const together = dialledAt.map(
      (at) => dialledAt.filter((other) => other >= at && other < at + 100).length,
    )
    expect(Math.max(...together)).toBeLessThanOrEqual(30)
  })
})

describe('hintDelayMs()', () => {
  it('is never earlier than asked, and at most half later', () => {
    fc.assert(
      fc.property(fc.nat(300_000), dice, (hintMs, draw) => {
        const delayMs = hintDelayMs(hintMs, () => draw)
        expect(delayMs).toBeGreaterThanOrEqual(hintMs)
        expect(delayMs).toBeLessThanOrEqual(hintMs * 1.5)
      }),
    )
  })

  it.each([300_001, 1e9, Number.MAX_VALUE, Number.POSITIVE_INFINITY])('cuts %d at five minutes', (hintMs) => {
    expect(hintDelayMs(hintMs, () => 0)).toBe(300_000)
    expect(hintDelayMs(hintMs, () => 1)).toBe(450_000)
  })

  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, -0])('takes %d for 0', (hintMs) => {
    expect(hintDelayMs(hintMs, () => 0.9)).toBe(0)
  })
})

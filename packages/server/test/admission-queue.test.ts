import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdmissionQueue } from '../src/admission-queue.ts'
import { checkAdmission, defaultAdmission } from '../src/admission-options.ts'

const limits = { perSecond: 100, burst: 10, maxWaitMs: 1_000, maxRetryMs: 60_000 }

function queue(more: Partial<typeof limits> = {}) {
  const clock = { nowMs: 0 }
  const admissions = new AdmissionQueue(
    { ...limits, ...more },
    () => clock.nowMs,
    () => 0.5,
  )
  return { clock, admit: () => admissions.admit() }
}

test('the first client has its turn at every moment that a clock can show', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.integer({ min: 1, max: 1_000 }),
      (nowMs, perSecond) => {
        const { clock, admit } = queue({ perSecond, burst: 1, maxWaitMs: 0 })
        clock.nowMs = nowMs
        expect(admit()).toEqual({ kind: 'now' })
      },
    ),
    { examples: [[191.06111293968996, 1]] },
  )
})

test('a burst is taken in at once, then one after the other, then nobody', () => {
  const { admit } = queue()
  for (let n = 0; n < 10; n += 1) expect(admit()).toEqual({ kind: 'now' })
  for (let n = 1; n <= 100; n += 1) {
    const admission = admit()
    expect(admission.kind === 'wait' && Math.round(admission.waitMs)).toBe(10 * n)
  }
  expect(admit().kind).toBe('later')
})

test('what was used up comes back with time, and no more than a burst', () => {
  const { clock, admit } = queue({ maxWaitMs: 0 })
  for (let n = 0; n < 10; n += 1) admit()
  expect(admit().kind).toBe('later')
  clock.nowMs += 10
  expect(admit().kind).toBe('now')
  expect(admit().kind).toBe('later')
  clock.nowMs += 3_600_000
  const kinds = Array.from({ length: 12 }, () => admit().kind)
  expect(kinds.filter((kind) => kind === 'now')).toHaveLength(10)
})

test('each who is sent away gets a moment of its own, later than those before, and never beyond the cap', () => {
  const { admit } = queue({ maxWaitMs: 0, maxRetryMs: 5_000 })
  for (let n = 0; n < 10; n += 1) admit()
  const delays = Array.from({ length: 1_000 }, () => {
    const admission = admit()
    return admission.kind === 'later' ? admission.retryMs : -1
  })
  const appointments = delays.slice(0, 600)
  expect(appointments.every((delayMs, n) => n === 0 || delayMs > (appointments[n - 1] ?? 0))).toBe(true)
  expect(Math.max(...delays)).toBeLessThanOrEqual(5_000)
  // A client adds up to half, so 400 of them spread around four seconds with the mean right on their turns.
  expect((delays[399] ?? 0) * 1.25).toBeCloseTo(4_010, -1)
})

test('appointments that have passed do not push later ones back', () => {
  const { clock, admit } = queue({ maxWaitMs: 0 })
  for (let n = 0; n < 1_000; n += 1) admit()
  clock.nowMs += 600_000
  for (let n = 0; n < 10; n += 1) expect(admit().kind).toBe('now')
  const admission = admit()
  expect(admission.kind === 'later' && admission.retryMs).toBeLessThan(100)
})

test('Infinity takes everyone in', () => {
  const { admit } = queue({ perSecond: Infinity })
  for (let n = 0; n < 10_000; n += 1) expect(admit().kind).toBe('now')
})

test('never more are taken in within any span of time than the rate, the burst and the line allow', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 200 }), { minLength: 50, maxLength: 400 }),
      fc.record({
        perSecond: fc.integer({ min: 1, max: 500 }),
        burst: fc.integer({ min: 1, max: 50 }),
        maxWaitMs: fc.integer({ min: 0, max: 2_000 }),
      }),
      (gapsMs, own) => {
        const { clock, admit } = queue(own)
        const turns: number[] = []
        for (const gapMs of gapsMs) {
          clock.nowMs += gapMs % 3 === 0 ? 0 : gapMs
          const admission = admit()
          if (admission.kind === 'later') {
            expect(admission.retryMs).toBeGreaterThan(0)
            expect(admission.retryMs).toBeLessThanOrEqual(60_000)
          } else {
            const waitMs = admission.kind === 'wait' ? admission.waitMs : 0
            expect(waitMs).toBeLessThanOrEqual(own.maxWaitMs)
            turns.push(clock.nowMs + waitMs)
          }
        }
        for (let from = 0; from < turns.length; from += 1) {
          const to = Math.min(turns.length - 1, from + own.burst + 5)
          const spanMs = (turns[to] ?? 0) - (turns[from] ?? 0)
          expect(to - from).toBeLessThanOrEqual((spanMs / 1_000) * own.perSecond + own.burst + 1e-6)
        }
      },
    ),
  )
})

test.each([
  [5, TypeError, /admission: must be an object, received 5/],
  [{ perSeconds: 5 }, TypeError, /admission: perSeconds is unknown/],
  [{ perSecond: 0 }, RangeError, /admission\.perSecond: must be an integer from 1 to 1000000, or Infinity/],
  [{ burst: 0 }, RangeError, /admission\.burst/],
  [{ maxWaitMs: 5_001 }, RangeError, /admission\.maxWaitMs: must be an integer from 0 to 5000/],
  [{ maxRetryMs: 0 }, RangeError, /admission\.maxRetryMs/],
])('bad limits %j are refused', (value, kind, message) => {
  const check = () => checkAdmission('admission', value)
  expect(check).toThrow(kind)
  expect(check).toThrow(message)
})

test('the burst is a second of the rate unless it is given', () => {
  expect(checkAdmission('admission', {})).toEqual(defaultAdmission)
  expect(checkAdmission('admission', { perSecond: 2_000 })).toMatchObject({ burst: 2_000 })
  expect(checkAdmission('admission', { perSecond: Infinity })).toMatchObject({ perSecond: Infinity })
})

import { describe, expect, test } from 'vitest'
import { type Report, attack, growthBoundBytes, replay } from '../fuzz/campaign.ts'
import { type Target, targets } from '../fuzz/fuzz-case.ts'

/** `npm run fuzz` takes a million. */
const frames = 20_000
const seed = 7

const reports = new Map<Target, Report>()

function reportOf(target: Target): Report {
  const report = reports.get(target) ?? attack(target, frames, seed)
  reports.set(target, report)
  return report
}

describe('malformed frames', () => {
  test.each(targets)('do no harm to the %s', { timeout: 60_000 }, (target) => {
    const report = reportOf(target)
    expect(report.failure).toBeUndefined()
    expect(report.growthBytes).toBeLessThanOrEqual(growthBoundBytes)
  })

  test('reach deep into sessions: every kind of loss, resumed sessions, messages delivered meanwhile', {
    timeout: 60_000,
  }, () => {
    const tally = { ...reportOf('client').tally, ...reportOf('server').tally }
    for (const name of [
      'client: resumed',
      'client: gap',
      'client: lost protocol',
      'client: lost desync',
      'client: lost badack',
      'client: messages acked',
      'server: attach resumed',
      'server: attach stale',
      'server: alarm token',
      'server: alarm principal',
      'server: ended protocol',
      'server: ended desync',
      'server: ended badack',
      'server: messages of honest ends delivered',
    ])
      expect(tally[name], name).toBeGreaterThan(0)
  })

  test('are the same for the same seed', () => {
    const runs = [attack('client', 2_000, seed), attack('client', 2_000, seed)]
    expect(runs[0]?.tally).toEqual(runs[1]?.tally)
    expect(replay('server', seed, 100)).toBeUndefined()
  })
})

import { expect, test } from 'vitest'
import { runFailover } from './failover/run-failover.mjs'

test.each([
  ['forgets nothing', { durable: true, seed: 1 }],
  ['forgets everything', { durable: false, seed: 2 }],
])(
  'servers that are killed and stopped, and a Redis that %s, keep what is promised',
  async (_, options) => {
    const { violations, counts } = await runFailover({
      ...options,
      kills: 1,
      zombies: 1,
      restarts: 1,
      clients: 4,
    })
    expect(violations).toEqual([])
    expect(counts['up delivered']).toBeGreaterThan(0)
    expect(counts['down delivered']).toBeGreaterThan(0)
  },
  120_000,
)

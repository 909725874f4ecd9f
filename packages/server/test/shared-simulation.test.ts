import { expect, test } from 'vitest'
import { runSharedSeed } from '../sim/run-shared-seed.ts'

test('servers that share a store keep what is promised, whatever dies, stops or falls back', {
  timeout: 120_000,
}, async () => {
  const seen: Record<string, number> = {}
  for (let seed = 1; seed <= 100; seed += 1) {
    const { broken, counts } = await runSharedSeed(seed)
    expect(broken, `seed ${seed}`).toBeUndefined()
    for (const [name, count] of Object.entries(counts)) seen[name] = (seen[name] ?? 0) + count
  }
  for (const name of ['resumed', 'gap', 'fail-overs', 'kills', 'stops', 'down kept', 'up again']) {
    expect(seen[name], name).toBeGreaterThan(0)
  }
})

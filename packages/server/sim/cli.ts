import { parseArgs } from 'node:util'
import { runSharedSeed } from './run-shared-seed.ts'

// One process of the simulator: prints a report as JSON. `run.mjs` bundles and starts it.

const { seeds = '100', from = '1' } = parseArgs({
  options: { seeds: { type: 'string' }, from: { type: 'string' } },
}).values
// The ledger remembers what it threw into a promise that nobody waits for.
process.on('unhandledRejection', () => {})
const startedAt = performance.now()
const totals: Record<string, number> = {}
const failures: { seed: number; broken: string }[] = []
for (let seed = Number(from); seed < Number(from) + Number(seeds); seed += 1) {
  const { broken, counts } = await runSharedSeed(seed)
  for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  if (broken !== undefined) failures.push({ seed, broken })
}
const seconds = (performance.now() - startedAt) / 1_000
console.log(JSON.stringify({ from: Number(from), seeds: Number(seeds), seconds, failures, totals }))
process.exitCode = failures.length === 0 ? 0 : 1

import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'

// One process of the simulator: prints a report as JSON, or the trace of one seed. `run.mjs` bundles and starts it.

const usage = 'usage: [--seeds N] [--from S] [--json] [--keep-going] | --trace SEED'

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name}: a whole number from 0 is needed, received ${text}\n${usage}`)
  return process.exit(2)
}

function options() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        trace: { type: 'string' },
        'keep-going': { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return process.exit(2)
  }
}

function trace(seed: number): number {
  const lines: string[] = []
  const { broken } = runSeed(seed, lines)
  console.log(lines.join('\n'))
  console.log(broken === undefined ? `seed ${seed}: holds` : `seed ${seed}: ${broken}`)
  return broken === undefined ? 0 : 1
}

function sweep(seeds: number, from: number, keepGoing: boolean): number {
  const startedAt = performance.now()
  const totals: Record<string, number> = {}
  const failures: { seed: number; broken: string }[] = []
  let done = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { broken, counts, seen } = runSeed(seed)
    done += 1
    for (const [name, count] of Object.entries({ ...counts, ...seen }))
      totals[name] = (totals[name] ?? 0) + count
    if (broken === undefined) continue
    failures.push({ seed, broken })
    if (!keepGoing) break
  }
  const seconds = (performance.now() - startedAt) / 1_000
  console.log(JSON.stringify({ from, seeds: done, seconds, failures, totals }))
  return failures.length === 0 ? 0 : 1
}

const { seeds, from, trace: traced, 'keep-going': keepGoing } = options()
process.exitCode =
  traced === undefined
    ? sweep(wholeNumber('seeds', seeds), wholeNumber('from', from), keepGoing)
    : trace(wholeNumber('trace', traced))

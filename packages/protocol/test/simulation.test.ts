import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { applyEdits } from '../sim/apply-edits.mjs'
import { mutants } from '../sim/mutant-list.mjs'
import { runSeed } from '../sim/run-seed.ts'

describe('the simulation', () => {
  test('holds every invariant for 500 seeds, and has seen what it is there for', { timeout: 60_000 }, () => {
    const totals: Record<string, number> = {}
    for (let seed = 1; seed <= 500; seed += 1) {
      const { broken, counts } = runSeed(seed)
      expect(broken, `seed ${seed}`).toBeUndefined()
      for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
    }
    for (const [name, count] of Object.entries(totals)) expect(count, name).toBeGreaterThan(0)
  })

  test('replays a seed line by line', () => {
    for (const seed of [3, 17, 443]) {
      const traces = [[], []] as [string[], string[]]
      for (const trace of traces) runSeed(seed, trace)
      expect(traces[0].length).toBeGreaterThan(20)
      expect(traces[0]).toEqual(traces[1])
    }
  })
})

describe('the mutants', () => {
  test('are at least thirty, each with a name of its own', () => {
    const names = new Set(mutants.map(({ name }) => name))
    expect(names.size).toBe(mutants.length)
    expect(names.size).toBeGreaterThanOrEqual(30)
  })

  test.each(mutants)('$name still changes the code it was written for', ({ edits }) => {
    for (const { file } of edits) {
      const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8')
      expect(applyEdits(file, source, edits)).not.toBe(source)
    }
  })
})

import { describe, expect, it } from 'vitest'
import { backoffPolicies, simulateReturn, worstOf } from '../src/backoff-policies.ts'
import { parseArguments } from '../src/arguments.ts'
import { ratios, single, spreadOf } from '../src/figures.ts'
import { judge } from '../src/measures/losses.ts'
import { barChart, lineChart } from '../src/report/chart.ts'
import { plain, written } from '../src/report/render.ts'
import { seededRandom } from '../src/seeded-random.ts'
import { inTurns } from '../src/in-turns.ts'

describe('figures', () => {
  it('are the middle and the ends', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, low: 1, high: 5 })
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, low: 1, high: 4 })
    expect(() => spreadOf([])).toThrow('at least one value is needed, received none')
  })

  it('are compared round by round', () => {
    expect(ratios([10, 30], [5, 10])).toEqual([2, 3])
  })

  it('are written with their ends where these differ, and a reason where there is none', () => {
    expect(written(spreadOf([1, 2, 3]), { digits: 1 })).toBe('2.0 (1.0–3.0)')
    expect(written(single(1_234.5), { digits: 0 })).toBe('1,235')
    expect(written(single(-0.001), { digits: 2 })).toBe('0.00')
    expect(written({ text: 'never' }, {})).toBe('never')
    expect(written(undefined, {})).toBe('–')
    expect(written(JSON.parse('null') as null, {})).toBe('–')
  })

  it('stand in columns', () => {
    const table = {
      id: 't',
      title: 'Title',
      note: '',
      columns: [{ name: 'a', unit: 'B', digits: 0 }],
      rows: [{ name: 'row', figures: [single(7)] }],
    }
    expect(plain(table)).toBe('Title\n     a, B\nrow     7')
  })
})

describe('the judgement on numbered messages', () => {
  it('counts what is missing, what came twice, and what came after a later one', () => {
    expect(judge(['s0', 's1', 's2'], 's', 3)).toEqual([0, 0, 0])
    expect(judge(['s0', 's3', 's2', 's2', 'x9'], 's', 5)).toEqual([2, 1, 1])
  })
})

describe('the simulated return', () => {
  it('finds the fullest window', () => {
    expect(worstOf([0, 50, 99, 100, 250], 100)).toBe(3)
    expect(worstOf([], 100)).toBe(0)
  })

  it('has everybody at once without jitter, and few at a time with full jitter', () => {
    const shareOf = (name: string) => {
      const policy = backoffPolicies.find((one) => one.name === name)
      if (policy === undefined) throw new Error(name)
      return simulateReturn(policy, { clients: 500, outageMs: 60_000, random: seededRandom(7) }).worstShare
    }
    expect(shareOf('partysocket')).toBe(1)
    expect(shareOf('holdfast')).toBeLessThan(0.05)
  })
})

describe('charts', () => {
  it('escape what they are given, and have a bar or a line for each', () => {
    const bars = barChart(
      'a < b',
      '×',
      [
        { name: 'x & y', value: 2, ours: true },
        { name: 'z', value: 1, ours: false },
      ],
      1,
    )
    expect(bars).toContain('a &lt; b')
    expect(bars).toContain('x &amp; y')
    expect(bars.match(/<rect/g)).toHaveLength(2)
    const lines = lineChart('t', ['1', '10'], [{ name: 'flat', values: [3, 3] }])
    expect(lines.match(/<polyline/g)).toHaveLength(1)
  })
})

describe('the command', () => {
  it('names what it does not know, and refuses to write half of the results', () => {
    expect(parseArguments(['--only', 'sizes,echo', '--json'])).toMatchObject({
      only: ['sizes', 'echo'],
      json: true,
    })
    expect(() => parseArguments(['--only', 'speed'])).toThrow(/--only: names from echo, .* received speed/)
    expect(() => parseArguments(['--only', 'echo', '--write'])).toThrow('--write: needs everything')
    expect(() => parseArguments(['--fast'])).toThrow('--fast')
  })
})

it('work in turns keeps the order and the limit', async () => {
  let running = 0
  let most = 0
  const results = await inTurns([3, 1, 2], 2, async (item) => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    return item * 10
  })
  expect({ results, most }).toEqual({ results: [30, 10, 20], most: 2 })
})

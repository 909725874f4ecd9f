import { type Figure, ratios, single, spreadOf } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { OperationCost, OperationCosts } from '../roles/parts-role.ts'
import type { Measure } from './measure.ts'

/** What each is compared with, where it is compared: the pool with what a cache without any care would do. */
const yardsticks: readonly { readonly of: RegExp; readonly name: string }[] = [
  { of: /^tryLease/, name: 'get and set in a Map' },
  { of: /^lease/, name: 'the same, awaited' },
  { of: /^send /, name: 'send' },
]

/** What single operations cost, without any network. */
export const partsMeasure: Measure = {
  name: 'parts',
  about: 'pool, limit and stats, without a network',
  load: 'busy',
  run: async (lab) => {
    const costs = await operationCosts(lab, lab.quick ? 5 : 40)
    // Nothing may be collected meanwhile; but memory that is always new costs time, so this is not where time is measured.
    const young = ['--max-semi-space-size=512', '--min-semi-space-size=512']
    const allocations = await operationCosts(lab, 3, young)
    return [
      {
        id: 'parts',
        title: 'Single operations, without a network',
        note: 'In one process, with a socket that takes everything. A Map of 1,000 texts, one after the other, is the yardstick for a pool: `tryLease()` against a get and a set, `await lease()` against the same with an `await` in between, as most of such a call is the `await`. `send` makes a receipt; a limit and stats are plugs of the same session, compared with `send`.',
        columns: [
          { name: 'CPU time', unit: 'ns', digits: 0 },
          { name: 'ratio to its yardstick', unit: '×', digits: 1 },
          { name: 'allocated', unit: 'B', digits: 0 },
        ],
        rows: Object.entries(costs).map(([name, rounds]) => ({
          name,
          figures: [
            spreadOf(rounds.map(cpuOf)),
            ratioOf(name, costs),
            single(spreadOf((allocations[name] ?? []).map(({ allocatedBytes }) => allocatedBytes)).median),
          ],
        })),
      },
    ]
  },
}

async function operationCosts(
  lab: Lab,
  rounds: number,
  nodeArgs?: readonly string[],
): Promise<OperationCosts> {
  lab.progress(`${rounds} rounds`)
  const part = await lab.part('parts', [], nodeArgs)
  const costs = await part.ask<OperationCosts>('operations', { rounds })
  await part.end()
  return costs
}

const cpuOf = ({ cpuNs }: OperationCost) => cpuNs

function ratioOf(name: string, costs: OperationCosts): Figure {
  const yardstick = yardsticks.find(({ of }) => of.test(name))
  const [own = [], base = []] = [costs[name], yardstick && costs[yardstick.name]]
  return yardstick && spreadOf(ratios(own.map(cpuOf), base.map(cpuOf)))
}

import { type Row, single } from '../figures.ts'
import type { OperationCost } from '../roles/parts-role.ts'
import type { Measure } from './measure.ts'

const operations = [
  'map get and set',
  'pool lease and release',
  'send',
  'send with a limit',
  'send with stats',
] as const

/** What single operations cost, without any network. */
export const partsMeasure: Measure = {
  name: 'parts',
  about: 'pool, limit and stats, without a network',
  load: 'busy',
  run: async (lab) => {
    const part = await lab.part('parts', [], ['--max-semi-space-size=512', '--min-semi-space-size=512'])
    const rows: Row[] = []
    for (const name of operations) {
      lab.progress(name)
      const { cpuNs, allocatedBytes } = await part.ask<OperationCost>(name)
      rows.push({ name, figures: [single(cpuNs), single(allocatedBytes)] })
    }
    await part.end()
    return [
      {
        id: 'parts',
        title: 'Single operations, without a network',
        note: 'In one process, with a socket that takes everything. `send` makes a receipt; a limit and stats are plugs of the same session.',
        columns: [
          { name: 'CPU time', unit: 'ns', digits: 0 },
          { name: 'allocated', unit: 'B', digits: 0 },
        ],
        rows,
      },
    ]
  },
}

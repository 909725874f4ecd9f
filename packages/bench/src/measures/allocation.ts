import { contenders } from '../contenders.ts'
import type { EchoPlan } from '../echo.ts'
import { type Row, single } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Measure } from './measure.ts'

const plan: EchoPlan = { bytes: 20, kind: 'text', messages: 4_000, window: 100 }

/** Garbage for each message there and back: it does not depend on the machine. */
export const allocationMeasure: Measure = {
  name: 'allocation',
  about: 'bytes allocated for each echoed message',
  load: 'calm',
  run: async (lab) => {
    const rows: Row[] = []
    for (const { name, server } of contenders) {
      lab.progress(name)
      rows.push({ name, figures: [single(await allocatedPerMessage(lab, name, server))] })
    }
    return [
      {
        id: 'allocation',
        title: 'Allocated for each echoed message',
        note: 'JavaScript objects that the client makes for a text of 20 bytes there and back, 100 at a time; with a young generation large enough that nothing is collected meanwhile.',
        columns: [{ name: 'each message', unit: 'B', digits: 0 }],
        rows,
      },
    ]
  },
}

/** Measures one contender. */
export async function allocatedPerMessage(
  lab: Lab,
  name: string,
  kind: Parameters<Lab['server']>[0],
): Promise<number> {
  const server = await lab.server(kind)
  const client = await lab.client(name, ['--max-semi-space-size=256', '--min-semi-space-size=256'])
  await client.ask('open', { url: server.url })
  await client.ask('echo', plan)
  const bytes = await client.ask<number>('allocated', plan)
  await Promise.all([client.end(), server.end()])
  return bytes / plan.messages
}

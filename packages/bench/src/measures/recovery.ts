import { setTimeout as sleep } from 'node:timers/promises'
import { contenders } from '../contenders.ts'
import { type Figure, spreadOf } from '../figures.ts'
import { inTurns } from '../in-turns.ts'
import type { Lab } from '../lab.ts'
import type { Happened } from '../roles/client-role.ts'
import type { Measure } from './measure.ts'

const links = 20
const tickMs = 25

/** From a broken connection to the first message on the next one, as each comes out of the box. */
export const recoveryMeasure: Measure = {
  name: 'recovery',
  about: 'time from a cut to the first message back',
  load: 'calm',
  run: async (lab) => {
    // Raw `ws` never comes back; graphql-ws has nothing that a server may send unasked.
    const those = contenders.filter(({ name }) => name !== 'ws' && name !== 'graphql-ws')
    lab.progress(`${those.length} libraries, ${links} sessions each`)
    const limitMs = lab.quick ? 7_000 : 15_000
    const rows = await inTurns(those, 3, async ({ name, server }) => ({
      name,
      figures: await recover(lab, name, server, limitMs),
    }))
    return [
      {
        id: 'recovery',
        title: 'From a cut to the first message back',
        note: `The server cuts ${links} connections at once and is there again at once; it sends a message every ${tickMs} ms to whoever is connected. Settings as they come: most of the time is the delay that each library chooses, and its spread is on purpose.`,
        columns: [
          { name: 'median', unit: 'ms', digits: 0 },
          { name: 'first', unit: 'ms', digits: 0 },
          { name: 'last', unit: 'ms', digits: 0 },
        ],
        rows,
      },
    ]
  },
}

async function recover(
  lab: Lab,
  name: string,
  kind: Parameters<Lab['server']>[0],
  limitMs: number,
): Promise<readonly Figure[]> {
  const server = await lab.server(kind)
  const client = await lab.client(name)
  await client.ask('open', { url: server.url, count: links })
  await sleep(500)
  await client.ask('note')
  const cutAtMs = Date.now()
  await server.ask('cut')
  void server.ask('tick', { everyMs: tickMs, count: limitMs / tickMs }).catch(() => {})
  const back = new Map<number, number>()
  while (back.size < links && Date.now() - cutAtMs < limitMs) {
    await sleep(100)
    for (const { what, link, atMs } of await client.ask<readonly Happened[]>('happened')) {
      if (what === 'message' && atMs > cutAtMs && !back.has(link)) back.set(link, atMs - cutAtMs)
    }
  }
  await Promise.all([client.end(), server.end()])
  if (back.size < links) return [{ text: `${links - back.size} of ${links} not within ${limitMs / 1_000} s` }]
  const { median, low, high } = spreadOf([...back.values()])
  return [median, low, high].map((value) => ({ median: value, low: value, high: value }))
}

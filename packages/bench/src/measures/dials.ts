import { setTimeout as sleep } from 'node:timers/promises'
import { backoffPolicies, simulateReturn, worstOf } from '../backoff-policies.ts'
import { contenders } from '../contenders.ts'
import { type Figure, single, type Table } from '../figures.ts'
import { inTurns } from '../in-turns.ts'
import type { Lab } from '../lab.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Measure } from './measure.ts'

const clients = 100
const simulatedClients = 1_000
const simulatedOutageMs = 60_000

/** How a crowd comes back after an outage: the fewer at once, the better for the server. */
export const dialsMeasure: Measure = {
  name: 'dials',
  about: 'dials in the worst 100 ms after an outage',
  load: 'calm',
  run: async (lab) => [simulated(), await real(lab)],
}

function simulated(): Table {
  return {
    id: 'dials-simulated',
    title: `After an outage of ${simulatedOutageMs / 1_000} s, ${simulatedClients} clients, simulated`,
    note: 'The delays that each library states, drawn from one seed; failed attempts take no time. A library that stops trying counts as not back.',
    columns: [
      { name: 'dials per client during the outage', unit: '', digits: 1 },
      { name: 'share in the worst 100 ms', unit: '%', digits: 1 },
      { name: 'half are back after', unit: 's', digits: 1 },
    ],
    rows: backoffPolicies.map((policy) => {
      const { dials, worstShare, halfBackMs } = simulateReturn(policy, {
        clients: simulatedClients,
        outageMs: simulatedOutageMs,
        random: seededRandom(1),
      })
      const half: Figure = Number.isFinite(halfBackMs)
        ? single(halfBackMs / 1_000)
        : { text: 'stopped trying' }
      return { name: policy.name, figures: [single(dials), single(worstShare * 100), half] }
    }),
  }
}

async function real(lab: Lab): Promise<Table> {
  const names = new Set(backoffPolicies.map(({ name }) => name))
  const those = contenders.filter(({ name }) => names.has(name))
  const [outageMs, limitMs] = lab.quick ? [1_000, 6_000] : [5_000, 20_000]
  lab.progress(`${clients} sessions of ${those.length} libraries, really, in one process each`)
  const rows = await inTurns(those, 3, async ({ name, server: kind }) => ({
    name,
    figures: await comeBack(lab, name, kind, { outageMs, limitMs }),
  }))
  return {
    id: 'dials-real',
    title: `After an outage of ${outageMs / 1_000} s, ${clients} sessions, really`,
    note: 'All sessions of a library in one process; the server is stopped and started again at the same address. Settings as they come.',
    columns: [
      { name: 'back', unit: '', digits: 0 },
      { name: 'share in the worst 100 ms', unit: '%', digits: 1 },
    ],
    rows,
  }
}

async function comeBack(
  lab: Lab,
  name: string,
  kind: Parameters<Lab['server']>[0],
  { outageMs, limitMs }: { readonly outageMs: number; readonly limitMs: number },
): Promise<readonly Figure[]> {
  const server = await lab.server(kind)
  const client = await lab.client(name)
  await client.ask('open', { url: server.url, count: clients })
  await server.ask('stop')
  await sleep(outageMs)
  await server.ask('restart')
  const arrivals: number[] = []
  for (let leftMs = limitMs; leftMs > 0 && arrivals.length < clients; leftMs -= 100) {
    await sleep(100)
    arrivals.push(...(await server.ask<readonly number[]>('arrivals')))
  }
  await Promise.all([client.end(), server.end()])
  const sorted = arrivals.sort((a, b) => a - b)
  return [single(sorted.length), single((worstOf(sorted, 100) / clients) * 100)]
}

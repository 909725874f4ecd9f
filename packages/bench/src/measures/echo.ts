import type { Contender } from '../contender.ts'
import { arrayContender, contenders } from '../contenders.ts'
import type { EchoCost, EchoPlan } from '../echo.ts'
import { type Column, type Figure, ratios, spreadOf, type Table } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Part } from '../part.ts'
import type { Measure } from './measure.ts'

interface Case extends EchoPlan {
  readonly name: string
}

const sizes = [
  { bytes: 20, label: '20 B', together: 500, pingPong: 1_500, pipelined: 5_000 },
  { bytes: 1_000, label: '1 kB', together: 100, pingPong: 1_000, pipelined: 3_000 },
  { bytes: 65_536, label: '64 kB', together: 8, pingPong: 120, pipelined: 160 },
]

/** Every size, as text and as binary, one at a time and many at a time. */
export const echoCases: readonly Case[] = sizes.flatMap(({ bytes, label, together, pingPong, pipelined }) =>
  (['text', 'binary'] as const).flatMap((kind) => [
    { name: `${label} ${kind}, one at a time`, bytes, kind, window: 1, messages: pingPong },
    { name: `${label} ${kind}, ${together} at a time`, bytes, kind, window: together, messages: pipelined },
  ]),
)

/** CPU time of the client for each message that is echoed. */
export const echoMeasure: Measure = {
  name: 'echo',
  about: 'CPU time of the client for each echoed message',
  load: 'busy',
  run: async (lab) => {
    const costs = await measureEcho(lab, [...contenders, arrayContender], echoCases, lab.quick ? 3 : 9)
    return [
      tableOf('echo-cpu', 'CPU time of the client for each echoed message', 'µs', costs, (cost) =>
        cost.map(cpuOf),
      ),
      tableOf('echo-ratio', 'The same as a ratio to raw `ws`', '×', costs, (cost, raw) =>
        ratios(cost.map(cpuOf), raw.map(cpuOf)),
      ),
      tableOf('echo-wall', 'Wall time of the same', 'µs', costs, (cost) => cost.map(({ wallUs }) => wallUs)),
    ]
  },
}

const cpuOf = ({ cpuUs }: EchoCost) => cpuUs

type Costs = ReadonlyMap<string, ReadonlyMap<string, readonly EchoCost[]>>

/** Runs all cases with all contenders in turn, round by round. @returns by contender and case */
export async function measureEcho(
  lab: Lab,
  those: readonly Contender[],
  cases: readonly Case[],
  rounds: number,
): Promise<Costs> {
  const { clients, servers } = await openClients(lab, those)
  const all = [...clients.values(), ...servers]
  const costs = new Map(those.map(({ name }) => [name, new Map<string, EchoCost[]>()]))
  for (const one of cases) {
    lab.progress(one.name)
    await Promise.all(all.map((part) => part.keepOn(one.window === 1 ? 'first' : 'all')))
    const able = those.filter(({ sends }) => sends.includes(one.kind))
    for (const { name } of able) await clients.get(name)?.ask('echo', one)
    for (let round = 0; round < rounds; round += 1) {
      for (const { name } of able) {
        const cost = await clients.get(name)?.ask<EchoCost>('echo', one)
        if (cost) costs.get(name)?.set(one.name, [...(costs.get(name)?.get(one.name) ?? []), cost])
      }
    }
  }
  return costs
}

async function openClients(
  lab: Lab,
  those: readonly Contender[],
): Promise<{ readonly clients: ReadonlyMap<string, Part>; readonly servers: readonly Part[] }> {
  const servers = new Map<string, Awaited<ReturnType<Lab['server']>>>()
  const clients = new Map<string, Part>()
  for (const { name, server: kind } of those) {
    const server = servers.get(kind) ?? (await lab.server(kind))
    servers.set(kind, server)
    const client = await lab.client(name)
    await client.ask('open', { url: server.url })
    // The compiler needs to have seen the way that messages take.
    await client.ask('echo', { bytes: 20, kind: 'text', window: 100, messages: 10_000 })
    await client.ask('echo', { bytes: 20, kind: 'text', window: 1, messages: 500 })
    clients.set(name, client)
  }
  return { clients, servers: [...servers.values()] }
}

function tableOf(
  id: string,
  title: string,
  unit: string,
  costs: Costs,
  values: (cost: readonly EchoCost[], raw: readonly EchoCost[]) => readonly number[],
): Table {
  const columns: readonly Column[] = echoCases.map(({ name }) => ({ name, unit }))
  const raw = costs.get('ws')
  const rows = [...costs].map(([name, byCase]) => ({
    name,
    figures: echoCases.map((one): Figure => {
      const [cost, base] = [byCase.get(one.name), raw?.get(one.name)]
      return cost && base ? spreadOf(values(cost, base)) : undefined
    }),
  }))
  const note =
    'One connection over the loopback interface; the server is another process. What is sent together is sent in one turn of the event loop, and the next when all of it is back. One at a time, client and server share a core, where the platform lets them.'
  return { id, title, note, columns, rows }
}

import type { EchoCost, EchoPlan } from '../echo.ts'
import { type Figure, type Row, spreadOf, type Table } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { OperationCost } from '../roles/parts-role.ts'
import type { Measure } from './measure.ts'

const counts = [100, 1_000, 10_000]
const echo: EchoPlan = { bytes: 20, kind: 'text', messages: 2_000, window: 100 }

/** How costs grow with what there is of something: flat is good. */
export const scalingMeasure: Measure = {
  name: 'scaling',
  about: 'cost against the number of sessions, messages waiting, rooms, and history',
  load: 'busy',
  run: async (lab) => [await scaling(lab)],
}

async function scaling(lab: Lab): Promise<Table> {
  const rounds = lab.quick ? 3 : 7
  const rows: Row[] = [
    { name: 'CPU of an echoed message beside idle sessions', figures: await besideSessions(lab, rounds) },
    { name: 'CPU of a message sent while away, and of its echo', figures: await fromQueue(lab, rounds) },
    { name: 'CPU of a delivery in one of so many rooms', figures: await amongRooms(lab, rounds) },
    { name: 'CPU of an echoed message after so many, resume mode', figures: await afterHistory(lab, rounds) },
  ]
  return {
    id: 'scaling',
    title: 'What grows with what',
    note: 'The same operation with more and more of something around it: what stays flat does not depend on it.',
    columns: counts.map((count) => ({ name: count.toLocaleString('en'), unit: 'µs' })),
    rows,
  }
}

async function besideSessions(lab: Lab, rounds: number): Promise<readonly Figure[]> {
  const server = await lab.server('ws')
  const client = await lab.client('holdfast')
  const figures: Figure[] = []
  let opened = 0
  for (const count of lab.quick ? counts.slice(0, 2) : counts) {
    lab.progress(`${count} sessions`)
    await client.ask('open', { url: server.url, count: count - opened })
    opened = count
    figures.push(await echoes(client, rounds))
  }
  await Promise.all([client.end(), server.end()])
  return figures
}

async function afterHistory(lab: Lab, rounds: number): Promise<readonly Figure[]> {
  const server = await lab.server('holdfast-resume')
  const client = await lab.client('holdfast resume')
  await client.ask('open', { url: server.url })
  // Beyond what the compiler needs.
  await client.ask('echo', { ...echo, messages: 20_000 })
  const figures: Figure[] = []
  for (const count of counts) {
    lab.progress(`after ${count * 10} messages`)
    await client.ask('echo', { ...echo, messages: lab.quick ? count : count * 10 })
    figures.push(await echoes(client, rounds))
  }
  await Promise.all([client.end(), server.end()])
  return figures
}

async function echoes(client: Awaited<ReturnType<Lab['client']>>, rounds: number): Promise<Figure> {
  await client.ask('echo', echo)
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) costs.push((await client.ask<EchoCost>('echo', echo)).cpuUs)
  return spreadOf(costs)
}

async function fromQueue(lab: Lab, rounds: number): Promise<readonly Figure[]> {
  const server = await lab.server('ws')
  const part = await lab.part('parts')
  const figures: Figure[] = []
  for (const messages of counts) {
    lab.progress(`${messages} messages waiting`)
    const costs: number[] = []
    await part.ask('queue', { url: server.url, messages })
    for (let round = 0; round < rounds; round += 1) {
      costs.push(await part.ask<number>('queue', { url: server.url, messages }))
    }
    figures.push(spreadOf(costs))
  }
  await Promise.all([part.end(), server.end()])
  return figures
}

async function amongRooms(lab: Lab, rounds: number): Promise<readonly Figure[]> {
  const part = await lab.part('parts')
  const figures: Figure[] = []
  for (const rooms of counts) {
    lab.progress(`${rooms} rooms`)
    const costs: number[] = []
    for (let round = 0; round < Math.min(3, rounds); round += 1) {
      costs.push((await part.ask<OperationCost>('rooms', { rooms })).cpuNs / 1_000)
    }
    figures.push(spreadOf(costs))
  }
  await part.end()
  return figures
}

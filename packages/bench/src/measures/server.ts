import type { EchoPlan } from '../echo.ts'
import { type Figure, single, spreadOf, type Table } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Measure } from './measure.ts'

interface Side {
  readonly name: string
  readonly server: Parameters<Lab['server']>[0]
  readonly client: string
}

const sides: readonly Side[] = [
  { name: 'ws', server: 'ws', client: 'ws' },
  { name: '@holdfast/server', server: 'holdfast', client: 'ws' },
  { name: '@holdfast/server, sessions', server: 'holdfast-resume', client: 'holdfast resume' },
  { name: '@holdfast/server, sessions, batch', server: 'holdfast-batch', client: 'holdfast batch' },
  { name: 'socket.io', server: 'socket.io', client: 'socket.io' },
]

const text20: EchoPlan = { bytes: 20, kind: 'text', messages: 0, window: 1 }

/** What the servers cost: for each message, for each session, and for messages to many. */
export const serverMeasure: Measure = {
  name: 'server',
  about: 'the servers: messages, memory, broadcast',
  load: 'busy',
  run: async (lab) => [await messages(lab), await memory(lab), await broadcast(lab)],
}

async function messages(lab: Lab): Promise<Table> {
  const rounds = lab.quick ? 3 : 7
  const cases = [
    { ...text20, messages: lab.quick ? 300 : 600 },
    { ...text20, messages: 5_000, window: 100 },
  ]
  const pairs = []
  for (const side of sides) {
    const server = await lab.server(side.server)
    const client = await lab.client(side.client)
    await client.ask('open', { url: server.url })
    for (const one of cases) await client.ask('echo', { ...one, messages: one.messages * 2 })
    pairs.push({ ...side, server, client, costs: cases.map((): number[] => []) })
  }
  for (let round = 0; round < rounds; round += 1) {
    lab.progress(`messages, round ${round + 1} of ${rounds}`)
    for (const { server, client, costs } of pairs) {
      for (const [index, one] of cases.entries()) {
        const before = await server.ask<number>('cpuUs')
        await client.ask('echo', one)
        costs[index]?.push(((await server.ask<number>('cpuUs')) - before) / one.messages)
      }
    }
  }
  await Promise.all(pairs.flatMap(({ server, client }) => [server.end(), client.end()]))
  return {
    id: 'server-messages',
    title: 'Echoed messages per CPU second of the server',
    note: 'Text of 20 bytes over one connection.',
    columns: [
      { name: 'one at a time', unit: '/s', digits: 0 },
      { name: '100 at a time', unit: '/s', digits: 0 },
    ],
    rows: pairs.map(({ name, costs }) => ({
      name,
      figures: costs.map((all) => spreadOf(all.map((us) => 1_000_000 / us))),
    })),
  }
}

async function memory(lab: Lab): Promise<Table> {
  const count = lab.quick ? 500 : 3_000
  const rows = []
  for (const { name, server: kind, client: contender } of sides) {
    lab.progress(`memory, ${name}`)
    const server = await lab.server(kind)
    const client = await lab.client(contender)
    await client.ask('open', { url: server.url, count: 20 })
    const before = await server.ask<number>('heldBytes')
    await client.ask('open', { url: server.url, count })
    const attached = ((await server.ask<number>('heldBytes')) - before) / count
    // The client's process goes without a word: sessions that survive their connections are detached.
    await client.end()
    await server.ask('settle')
    const detached = ((await server.ask<number>('heldBytes')) - before) / (count + 20)
    rows.push({ name, figures: [single(attached / 1_024), single(detached / 1_024)] })
    await server.end()
  }
  return {
    id: 'server-memory',
    title: 'Memory of the server for each session',
    note: `JavaScript heap and buffers after garbage collection, ${count} sessions. Detached: the connection is broken; without sessions that survive it this is what stays of a connection that has gone.`,
    columns: [
      { name: 'attached', unit: 'KiB', digits: 1 },
      { name: 'detached', unit: 'KiB', digits: 2 },
    ],
    rows,
  }
}

async function broadcast(lab: Lab): Promise<Table> {
  const members = lab.quick ? 200 : 1_000
  const rounds = lab.quick ? 3 : 7
  const times = 10
  const pairs = []
  for (const { name, server: kind, client: contender } of sides) {
    const server = await lab.server(kind)
    const client = await lab.client(contender)
    await client.ask('open', { url: server.url, count: members })
    await server.ask('broadcast', { message: 'x'.repeat(100), times })
    pairs.push({ name, server, client, costs: [] as number[] })
  }
  for (let round = 0; round < rounds; round += 1) {
    lab.progress(`broadcast, round ${round + 1} of ${rounds}`)
    for (const { server, client, costs } of pairs) {
      const before = await server.ask<number>('cpuUs')
      await server.ask('broadcast', { message: 'x'.repeat(100), times })
      await client.ask('settle')
      costs.push(((await server.ask<number>('cpuUs')) - before) / (members * times))
    }
  }
  await Promise.all(pairs.flatMap(({ server, client }) => [server.end(), client.end()]))
  return {
    id: 'server-broadcast',
    title: 'CPU time of the server for each delivery of a broadcast',
    note: `${times} messages of 100 bytes to ${members} members. Raw \`ws\` in a loop over its clients; Holdfast through its hub; Socket.IO to a room.`,
    columns: [{ name: 'each delivery', unit: 'µs' }],
    rows: pairs.map(({ name, costs }): { name: string; figures: readonly Figure[] } => ({
      name,
      figures: [spreadOf(costs)],
    })),
  }
}

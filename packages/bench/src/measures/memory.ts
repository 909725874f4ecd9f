import { contenders } from '../contenders.ts'
import { single, type Table } from '../figures.ts'
import type { Measure } from './measure.ts'

/** The others need a server of ours that does little, and a thousand of them say as much. */
const many = new Set([
  'ws',
  'holdfast',
  'holdfast resume',
  'reconnecting-websocket',
  'partysocket',
  'socket.io',
])

/** Memory of idle sessions in Node, at several counts, and what stays when they are closed. */
export const memoryMeasure: Measure = {
  name: 'memory',
  about: 'memory per idle session in Node',
  load: 'calm',
  run: async (lab) => {
    const rows: { name: string; perSession: Map<number, number>; retained: number }[] = []
    for (const { name, server: kind } of contenders) {
      const counts = lab.quick ? [100, 1_000] : many.has(name) ? [100, 1_000, 10_000] : [100, 1_000]
      lab.progress(`${name}, ${counts.at(-1)} sessions`)
      const server = await lab.server(kind)
      const client = await lab.client(name)
      // The first of its kind loads code and shapes that are no part of a session.
      await client.ask('open', { url: server.url, count: 20 })
      const before = await client.ask<number>('heldBytes')
      const perSession = new Map<number, number>()
      let opened = 0
      for (const count of counts) {
        await client.ask('open', { url: server.url, count: count - opened })
        opened = count
        perSession.set(count, ((await client.ask<number>('heldBytes')) - before) / count)
      }
      await client.ask('close')
      await client.ask('settle')
      const retained = ((await client.ask<number>('heldBytes')) - before) / opened
      rows.push({ name, perSession, retained })
      await Promise.all([client.end(), server.end()])
    }
    return [tableOf(rows)]
  },
}

function tableOf(
  rows: readonly { name: string; perSession: ReadonlyMap<number, number>; retained: number }[],
): Table {
  const raw = rows[0]?.perSession
  const at = (bytes: number | undefined) => (bytes === undefined ? undefined : single(bytes / 1_024))
  return {
    id: 'memory',
    title: 'Memory per idle session in Node',
    note: 'JavaScript heap and buffers after garbage collection, the connection included, divided by the number of sessions. The ratio is that of the most sessions; what is retained is the difference to before, when all are closed.',
    columns: [
      { name: '100 sessions', unit: 'KiB', digits: 1 },
      { name: '1,000 sessions', unit: 'KiB', digits: 1 },
      { name: '10,000 sessions', unit: 'KiB', digits: 1 },
      { name: 'ratio to `ws`', unit: '×' },
      { name: 'retained after close', unit: 'KiB', digits: 2 },
    ],
    rows: rows.map(({ name, perSession, retained }) => ({
      name,
      figures: [
        at(perSession.get(100)),
        at(perSession.get(1_000)),
        at(perSession.get(10_000)),
        single(ratioAtMost(perSession, raw)),
        single(retained / 1_024),
      ],
    })),
  }
}

/** Compares at the largest count that both have. */
function ratioAtMost(
  perSession: ReadonlyMap<number, number>,
  raw: ReadonlyMap<number, number> | undefined,
): number {
  const [count, bytes] = [...perSession].at(-1) ?? [0, Number.NaN]
  return bytes / (raw?.get(count) ?? Number.NaN)
}

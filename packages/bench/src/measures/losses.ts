import { setTimeout as sleep } from 'node:timers/promises'
import { contenders } from '../contenders.ts'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { type Figure, single } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Happened } from '../roles/client-role.ts'
import type { Measure } from './measure.ts'

const resets = 15

/** What is lost, doubled and out of order in both directions while the connection is reset again and again. */
export const lossesMeasure: Measure = {
  name: 'losses',
  about: `lost, doubled and reordered over ${resets} resets`,
  load: 'calm',
  run: async (lab) => {
    // graphql-ws has no message that a server may send unasked, raw `ws` no second connection.
    const those = contenders.filter(({ name }) => name !== 'ws' && name !== 'graphql-ws')
    const count = lab.quick ? 800 : 2_000
    const rows = []
    for (const { name, server } of those) {
      lab.progress(name)
      rows.push({ name, figures: await countLosses(lab, name, server, count) })
    }
    const kinds = ['lost', 'doubled', 'out of order']
    return [
      {
        id: 'losses',
        title: `Lost, doubled and out of order over ${resets} resets`,
        note: `${count} messages each way, one every 2 ms, through a network of 5 ms that is reset ${resets} times; every library reconnects after about 50 ms. Then two seconds to catch up.`,
        columns: ['to the server', 'to the client'].flatMap((way) =>
          kinds.map((kind) => ({ name: `${kind} ${way}`, unit: '', digits: 0 })),
        ),
        rows,
      },
    ]
  },
}

async function countLosses(
  lab: Lab,
  name: string,
  kind: Parameters<Lab['server']>[0],
  count: number,
): Promise<readonly Figure[]> {
  const server = await lab.server(kind)
  const proxy = await startCuttingProxy(server.url)
  const client = await lab.client(name)
  await client.ask('open', { url: proxy.url, setup: 'eager' })
  await server.ask('startLog')
  await client.ask('note')
  // A server knows a session when its client has answered; what it sends before that is for nobody.
  await sleep(500)
  const streams = Promise.all([client, server].map((part) => part.ask('stream', { count, everyMs: 2 })))
  const everyMs = (count * 2) / (resets + 1)
  const cuts = async () => {
    for (let n = 0; n < resets; n += 1) {
      await sleep(everyMs)
      proxy.cut()
    }
  }
  await Promise.all([streams, cuts()])
  await sleep(2_000)
  const atServer = (await server.ask<readonly unknown[]>('log')).map(String)
  const atClient = (await client.ask<readonly Happened[]>('happened'))
    .filter(({ what }) => what === 'message')
    .map(({ data }) => String(data))
  proxy.close()
  await Promise.all([client.end(), server.end()])
  return [...judge(atServer, 'c', count), ...judge(atClient, 's', count)].map(single)
}

/** Counts what is missing of `count` numbered messages, what came more than once, and what came after a later one. */
export function judge(
  arrived: readonly string[],
  prefix: string,
  count: number,
): readonly [lost: number, doubled: number, reordered: number] {
  const numbers = arrived.filter((text) => text.startsWith(prefix)).map((text) => Number(text.slice(1)))
  const first = [...new Set(numbers)]
  let highest = -1
  let reordered = 0
  for (const number of first) {
    if (number < highest) reordered += 1
    highest = Math.max(highest, number)
  }
  return [count - first.length, numbers.length - first.length, reordered]
}

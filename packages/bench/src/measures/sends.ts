import { setTimeout as sleep } from 'node:timers/promises'
import { arrayContender, contenders } from '../contenders.ts'
import { ratios, spreadOf } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Part } from '../part.ts'
import type { Measure } from './measure.ts'

/** Those that talk to a server which can take messages and be silent. */
const kinds = new Set(['ws', 'holdfast-resume', 'holdfast-batch', 'socket.io'])
const plan = { bytes: 20, window: 500, messages: 20_000 }

/** Many small messages in one direction: what batching is for. */
export const sendsMeasure: Measure = {
  name: 'sends',
  about: 'messages of 20 bytes that a client sends per CPU second',
  load: 'busy',
  run: async (lab) => {
    const those = [...contenders, arrayContender].filter(({ server }) => kinds.has(server))
    const pairs = await Promise.all(those.map((one) => open(lab, one)))
    lab.progress(`${those.length} ways`)
    const costs = pairs.map((): number[] => [])
    // The first two rounds are for the compiler.
    for (let round = -2; round < (lab.quick ? 3 : 9); round += 1) {
      for (const [index, pair] of pairs.entries()) {
        const cpuUs = await send(pair)
        if (round >= 0) costs[index]?.push(cpuUs)
      }
    }
    const raw = costs[0] ?? []
    return [
      {
        id: 'sends',
        title: 'Sending many small messages',
        note: `Text of ${plan.bytes} bytes, ${plan.window} in one turn of the event loop and then a pause of 5 ms, to a server that takes them and is silent, but for what its protocol says. CPU time of the client until the server has all.`,
        columns: [
          { name: 'messages per CPU second', unit: '/s', digits: 0 },
          { name: 'CPU time of each', unit: 'µs' },
          { name: 'ratio to `ws`', unit: '×' },
        ],
        rows: those.map(({ name }, index) => {
          const each = costs[index] ?? []
          return {
            name,
            figures: [spreadOf(each.map((us) => 1e6 / us)), spreadOf(each), spreadOf(ratios(each, raw))],
          }
        }),
      },
    ]
  },
}

interface Pair {
  readonly server: Part
  readonly client: Part
}

async function open(lab: Lab, { name, server: kind }: (typeof contenders)[number]): Promise<Pair> {
  const server = await lab.server(kind)
  const client = await lab.client(name)
  await client.ask('open', { url: server.url, setup: 'roomy' })
  return { server, client }
}

/** @returns CPU µs for each message */
async function send({ server, client }: Pair): Promise<number> {
  await server.ask('startLog')
  const before = await client.ask<number>('cpuUs')
  await client.ask('send', plan)
  while (!(await server.ask<boolean>('hasGot', { text: 'last' }))) await sleep(2)
  return ((await client.ask<number>('cpuUs')) - before) / plan.messages
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Setup } from '../contender.ts'
import { contenders } from '../contenders.ts'
import { type Figure, single } from '../figures.ts'
import type { Lab } from '../lab.ts'
import type { Happened } from '../roles/client-role.ts'
import type { Measure } from './measure.ts'

/** These have no heartbeat that could be set. */
const withoutHeartbeat = new Set(['ws', 'reconnecting-websocket', 'partysocket'])

/** How long it takes until a library knows that a server which is connected and silent is gone. */
export const frozenMeasure: Measure = {
  name: 'frozen',
  about: 'time until a frozen server is noticed',
  load: 'waits',
  run: async (lab) => {
    const [defaultMs, watchfulMs] = lab.quick ? [3_000, 3_000] : [70_000, 5_000]
    lab.progress(`as they come, up to ${defaultMs / 1_000} s`)
    const asTheyCome = notice(lab, 'default', defaultMs, () => true)
    const watchful = await notice(lab, 'watchful', watchfulMs, (name) => !withoutHeartbeat.has(name))
    const byDefault = await asTheyCome
    return [
      {
        id: 'frozen',
        title: 'Until a frozen server is noticed',
        note: 'The server is stopped like a machine that is suspended: connections stay open, and nothing comes. First as each library comes, then with a heartbeat that is set, at the client or its server, so that silence of about 1.5 s is noticed. graphql-ws pings and leaves the rest to its user: there, with the few lines that its documentation has for that.',
        columns: [
          { name: 'as it comes', unit: 's', digits: 1 },
          { name: 'set to about 1.5 s', unit: 's', digits: 1 },
        ],
        rows: contenders.map(({ name }) => ({
          name,
          figures: [byDefault.get(name), watchful.get(name) ?? { text: 'no heartbeat' }],
        })),
      },
    ]
  },
}

async function notice(
  lab: Lab,
  setup: Setup,
  limitMs: number,
  applies: (name: string) => boolean,
): Promise<ReadonlyMap<string, Figure>> {
  const those = contenders.filter(({ name }) => applies(name))
  const pairs = await Promise.all(
    those.map(async ({ name, server: kind }) => {
      const server = await lab.server(kind, setup === 'watchful' ? setup : undefined)
      const client = await lab.client(name)
      await client.ask('open', { url: server.url, setup })
      await client.ask('note')
      return { name, server, client }
    }),
  )
  // Long enough for a first heartbeat to be answered where that is waited for.
  await sleep(1_200)
  const frozenAtMs = Date.now()
  for (const { server } of pairs) server.signal('SIGSTOP')
  const noticed = new Map<string, Figure>()
  while (noticed.size < pairs.length && Date.now() - frozenAtMs < limitMs) {
    await sleep(100)
    for (const { name, client } of pairs) {
      if (noticed.has(name)) continue
      const lost = (await client.ask<readonly Happened[]>('happened')).find(({ what }) => what === 'lost')
      if (lost) noticed.set(name, single((lost.atMs - frozenAtMs) / 1_000))
    }
  }
  await Promise.all(pairs.flatMap(({ server, client }) => [server.end(), client.end()]))
  for (const { name } of pairs) {
    if (!noticed.has(name)) noticed.set(name, { text: `not within ${limitMs / 1_000} s` })
  }
  return noticed
}

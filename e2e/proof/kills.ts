import { join } from 'node:path'
import { type ChaosProxy, seededRandom, type Side, startChaos } from '@holdfast/chaos'
import { checkFates, type FatesReport } from './check-fates.ts'
import { End } from './end.ts'
import { readLog } from './event-log.ts'
import { readProofOptions } from './proof-options.ts'

// The server's process is killed with messages in flight both ways, and started again on the same port, again and again. Then
// the logs of both ends must agree with what the client was told of each message.

const { numbers, json, folder, clean } = readProofOptions('kills', {
  rounds: { fallback: 50, min: 1, max: 100_000 },
  'in-flight': { fallback: 500, min: 1, max: 900 },
  seed: { fallback: 1, min: 0, max: 2 ** 32 - 1 },
})
const { rounds, seed, 'in-flight': inFlight } = numbers
const say = (text: string) => void (json || process.stdout.write(`${text}\n`))

/** What is held while the messages are sent, so that they are in flight: the way there, the way back, both, or nothing. */
const stalls: readonly (Side | 'both' | false)[] = ['down', 'up', 'both', false]
/** Numbers of messages that one process of the server may use. */
const NUMBERS_PER_LIFE = 1_000_000
/** Messages that are through and acknowledged before each kill, and others of which the kill may see any part. */
const CALM = 20
const HALF_WAY = 200

const random = seededRandom(seed)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface World {
  readonly proxy: ChaosProxy
  readonly client: End
  readonly port: number
  server: End
  life: number
  /** How many messages had no fate yet when the server was killed, at each end. */
  readonly unsettled: { readonly up: number[]; readonly down: number[] }
}

const startServer = (life: number, port: number) =>
  new End('server', [join(folder, 'server.log'), port, life * NUMBERS_PER_LIFE + 1])

async function build(): Promise<World> {
  const server = startServer(0, 0)
  const { port } = await server.hears('ready')
  const proxy = await startChaos({ target: { host: '127.0.0.1', port }, control: false })
  const client = new End('client', [join(folder, 'client.log'), `ws://127.0.0.1:${proxy.port}/`])
  await client.hears('open')
  return { proxy, client, port, server, life: 0, unsettled: { up: [], down: [] } }
}

/** Kills the server with messages in flight, starts another, and waits until the client has been told. */
async function round(world: World, number: number): Promise<void> {
  const { proxy, client } = world
  await client.order({ do: 'burst', count: CALM })
  await client.order({ do: 'flush' })
  await client.order({ do: 'mark', word: 'round' })
  client.forget('gap')
  client.forget('open')
  await Promise.all([client, world.server].map((end) => end.order({ do: 'burst', count: HALF_WAY })))
  await pause(random() * 20)
  const stall = stalls[number % stalls.length] ?? false
  await proxy.set({ stall })
  const burst = { do: 'burst', count: inFlight } as const
  const [up, down] = await Promise.all([client.order(burst), world.server.order(burst)])
  await pause(random() * (stall ? 30 : 10))
  await world.server.kill()
  world.unsettled.up.push(up)
  world.unsettled.down.push(down)
  proxy.reset()
  await proxy.clear()
  world.life += 1
  world.server = startServer(world.life, world.port)
  await world.server.hears('ready')
  await client.hears('gap')
  await client.hears('open')
  if (number % 5 === 0) say(`${number} of ${rounds} rounds`)
}

/** The client goes for good, with messages sent and not acknowledged, and others that never left. */
async function last({ proxy, client, server }: World): Promise<void> {
  await client.order({ do: 'flush' })
  client.forget('waiting')
  await proxy.set({ stall: 'both' })
  await client.order({ do: 'burst', count: inFlight })
  await proxy.set({ accept: 'refuse' })
  proxy.reset()
  await client.hears('waiting')
  await client.order({ do: 'burst', count: inFlight })
  await client.order({ do: 'dispose' })
  await server.order({ do: 'close' })
  await Promise.all([client.ended(), server.ended()])
}

async function run(): Promise<World['unsettled']> {
  const world = await build()
  try {
    for (let number = 1; number <= rounds; number += 1) await round(world, number)
    await last(world)
    return world.unsettled
  } finally {
    await Promise.all([world.client.kill(), world.server.kill()])
    await world.proxy.close()
  }
}

function print({ fates, uncertainThatArrived, diedWithServer, broken }: FatesReport): void {
  const counts = Object.entries(fates).map(([fate, count]) => `${count} ${fate}`)
  say(`client: every accepted message has one fate: ${counts.join(', ')}`)
  say(`of the uncertain ones the server has ${uncertainThatArrived} in its log`)
  say(`the server had sent ${diedWithServer} messages that the client never got: its sessions are in memory,`)
  say(
    'and what a client has not acknowledged dies with the process. The client got the beginning of each, in order.',
  )
  for (const words of broken.slice(0, 20)) say(`BROKEN: ${words}`)
  say(broken.length === 0 ? 'holds' : `does NOT hold, ${broken.length} times; the seed is ${seed}`)
}

const unsettled = await run()
const [client, server] = ['client.log', 'server.log'].map((name) => readLog(join(folder, name)))
const report = checkFates(client ?? [], server ?? [])
const least = { up: Math.min(...unsettled.up), down: Math.min(...unsettled.down) }
const holds = report.broken.length === 0 && report.rounds === rounds
if (json) process.stdout.write(`${JSON.stringify({ seed, inFlight: least, ...report, holds })}\n`)
else {
  say(
    `${report.rounds} kills; in flight at each: at least ${least.up} of the client, ${least.down} of the server`,
  )
  print(report)
}
clean()
process.exitCode = holds ? 0 : 1

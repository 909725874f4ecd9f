import { join } from 'node:path'
import { type ChaosProxy, seededRandom, startChaos } from '@holdfast/chaos'
import { checkDelivery, type Delivery, isWhole } from './check-delivery.ts'
import { End } from './end.ts'
import { type LogLine, messagesIn, readLog } from './event-log.ts'
import { readProofOptions } from './proof-options.ts'

// Both ends stream messages at each other for a while, each in a process of its own, while the line between them is reset at
// random bytes. Then their logs must agree.

const { numbers, json, folder, clean } = readProofOptions('soak', {
  seconds: { fallback: 60, min: 1, max: 86_400 },
  resets: { fallback: 100, min: 0, max: 1_000_000 },
  rate: { fallback: 1_000, min: 1, max: 20_000 },
  seed: { fallback: 1, min: 0, max: 2 ** 32 - 1 },
})
const say = (text: string) => void (json || process.stdout.write(`${text}\n`))

/** About what a message takes on the wire, with its frame. */
const MESSAGE_BYTES = 125
/** The part of the time after which the last reset is planned, as every reset costs some. */
const PLANNED_PART = 0.8

/** After how many bytes, and in which direction, each connection is reset. Depends on the seed alone. */
function plan(): readonly { readonly side: 'up' | 'down'; readonly bytes: number }[] {
  const { seconds, resets, rate, seed } = numbers
  const random = seededRandom(seed)
  const draws = Array.from({ length: resets }, () => ({
    side: random() < 0.5 ? ('up' as const) : ('down' as const),
    weight: random(),
  }))
  const whole = draws.reduce((sum, { weight }) => sum + weight, 0)
  const bytes = seconds * rate * MESSAGE_BYTES * PLANNED_PART
  return draws.map(({ side, weight }) => ({ side, bytes: Math.max(1, Math.floor((weight / whole) * bytes)) }))
}

/** Gives each connection its reset in turn, and counts those that came about. */
async function resetInTurn(proxy: ChaosProxy): Promise<{ readonly done: () => number }> {
  const planned = plan()
  let given = 0
  let done = 0
  const give = () => {
    const next = planned[given]
    given += 1
    const limit = next ? { up: 0, down: 0, [next.side]: next.bytes } : 0
    return proxy.set({ closeAfterBytes: limit, closeWith: 'rst' })
  }
  proxy.onEvent((entry) => {
    if (entry.event === 'limit') done += 1
    // The one that was opened has its own; this is for the next.
    if (entry.event === 'opened') void give()
  })
  await give()
  return { done: () => done }
}

async function run(): Promise<{ readonly resets: number; readonly tookMs: number }> {
  const { seconds, resets, rate } = numbers
  const server = new End('server', [join(folder, 'server.log'), 0, 1])
  const { port } = await server.hears('ready')
  const proxy = await startChaos({ target: { host: '127.0.0.1', port }, control: false })
  const counter = await resetInTurn(proxy)
  const client = new End('client', [join(folder, 'client.log'), `ws://127.0.0.1:${proxy.port}/`])
  try {
    await client.hears('open')
    // The server knows its client as soon as that has answered.
    await client.order({ do: 'burst', count: 1 })
    await client.order({ do: 'flush' })
    const from = performance.now()
    await Promise.all([server, client].map((end) => end.order({ do: 'stream', perSecond: rate })))
    const latest = from + seconds * 2_000
    for (let second = 1; performance.now() < latest; second += 1) {
      await until(from + second * 1_000)
      if (second % 5 === 0) say(`${second} s: ${counter.done()} of ${resets} resets`)
      if (second >= seconds && counter.done() >= resets) break
    }
    await Promise.all([server, client].map((end) => end.order({ do: 'stop' })))
    const tookMs = performance.now() - from
    say('the streams have ended; waiting until both have everything')
    await Promise.all([server, client].map((end) => end.order({ do: 'flush' })))
    await client.order({ do: 'close' })
    await server.order({ do: 'close' })
    await Promise.all([client.ended(), server.ended()])
    return { resets: counter.done(), tookMs }
  } finally {
    await Promise.all([client.kill(), server.kill()])
    await proxy.close()
  }
}

const until = (moment: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - performance.now())))

const countOf = (log: readonly LogLine[], word: string) => log.filter((line) => line.word === word).length

function words(direction: string, delivery: Delivery): string {
  const { accepted, lost, duplicated, reordered, invented } = delivery
  const bad = [lost, duplicated, reordered].map((some) => some.length).join('/')
  return `${direction}: ${accepted} accepted, lost/duplicated/reordered ${bad}, invented ${invented.length}`
}

const { resets, tookMs } = await run()
const [client, server] = ['client.log', 'server.log'].map((name) => readLog(join(folder, name))) as [
  readonly LogLine[],
  readonly LogLine[],
]
const up = checkDelivery(messagesIn(client, 'accepted'), messagesIn(server, 'delivered'))
const down = checkDelivery(messagesIn(server, 'accepted'), messagesIn(client, 'delivered'))
const refused = countOf(client, 'refused') + countOf(server, 'refused')
const gaps = countOf(client, 'gap')
const holds = isWhole(up) && isWhole(down) && gaps === 0 && refused === 0 && resets >= numbers.resets
if (json) {
  const short = (delivery: Delivery) => ({
    ...delivery,
    ...Object.fromEntries(
      (['lost', 'duplicated', 'reordered', 'invented'] as const).map((what) => [what, delivery[what].length]),
    ),
  })
  const report = { seed: numbers.seed, seconds: tookMs / 1_000, resets, resumed: countOf(client, 'resumed') }
  process.stdout.write(
    `${JSON.stringify({ ...report, gaps, refused, up: short(up), down: short(down), holds })}\n`,
  )
} else {
  say(
    `${(tookMs / 1_000).toFixed(1)} s, ${resets} resets, ${countOf(client, 'resumed')} times resumed, ${gaps} gaps`,
  )
  say(words('client to server', up))
  say(words('server to client', down))
  say(
    refused === 0
      ? 'nothing was refused'
      : `${refused} were refused: they do not count, but there should be none`,
  )
  say(holds ? 'holds' : `does NOT hold; the seed is ${numbers.seed}, --keep FOLDER keeps the logs`)
}
clean()
process.exitCode = holds ? 0 : 1

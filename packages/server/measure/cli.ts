import { parseArgs } from 'node:util'
import { measureHalfOpen, measureHelloDrops } from './abuse.ts'
import { measureBroadcast } from './broadcast.ts'

// Bundled and started by `run.mjs`, which gives the folder of these files, as a bundle is somewhere else.
const [what = '', folder = '', ...args] = process.argv.slice(2)

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  console.error(`--${name}: a whole number from ${min} is needed, received ${text}`)
  return process.exit(2)
}

async function broadcast(): Promise<void> {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const
  const { values } = parseArgs({
    args,
    options: {
      clients: text('5000'),
      messages: text('40'),
      bytes: text('256'),
      'every-ms': text('250'),
      json: { type: 'boolean' },
    },
  })
  const figures = await measureBroadcast({
    clients: wholeNumber('clients', values.clients, 1),
    messages: wholeNumber('messages', values.messages, 1),
    bytes: wholeNumber('bytes', values.bytes, 126),
    everyMs: wholeNumber('every-ms', values['every-ms'], 0),
    folder,
  })
  if (values.json) return console.log(JSON.stringify(figures))
  const { without, withDeaf, mostWaitingBytes, boundBytes, memoryBytes } = figures
  for (const [name, { received, p50Ms, p99Ms, maxMs }] of Object.entries({ without, with: withDeaf })) {
    const times = [p50Ms, p99Ms, maxMs].map((timeMs) => `${timeMs.toFixed(1)} ms`)
    console.log(
      `${name} a client that never reads: ${received} received, p50 ${times[0]}, p99 ${times[1]}, most ${times[2]}`,
    )
  }
  console.log(`p99 with it is ${(withDeaf.p99Ms / without.p99Ms).toFixed(2)} times that without`)
  console.log(`waiting for it: ${megabytes(mostWaitingBytes)} of at most ${megabytes(boundBytes)}`)
  console.log(`memory before and after: ${memoryBytes.map(megabytes).join(', ')}`)
  return undefined
}

async function abuse(): Promise<void> {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const
  const { values } = parseArgs({
    args,
    options: { 'half-open': text('5000'), hellos: text('100000'), json: { type: 'boolean' } },
  })
  const halfOpen = await measureHalfOpen({ count: wholeNumber('half-open', values['half-open'], 1) })
  const hellos = await measureHelloDrops({ count: wholeNumber('hellos', values.hellos, 1) })
  if (values.json) return console.log(JSON.stringify({ halfOpen, hellos }))
  console.log(
    `${halfOpen.halfOpen} handshakes half open: a client has its session in ${halfOpen.medianMs.toFixed(0)} ms, at worst ` +
      `${halfOpen.worstMs.toFixed(0)} ms`,
  )
  for (const [kind, longestMs] of Object.entries(halfOpen.longestMs))
    console.log(`  ${kind}: none lived longer than ${(longestMs / 1_000).toFixed(1)} s`)
  console.log(
    `${hellos.dropped} HELLOs and no more, ${hellos.perSecond} a second: memory ${hellos.memoryBytes.map(megabytes).join(', then ')}, ` +
      `${hellos.sessions} sessions held`,
  )
  return undefined
}

await (what === 'broadcast' ? broadcast() : abuse())

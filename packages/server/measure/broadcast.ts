import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub, type Member } from '../src/hub/index.ts'
import { createServer } from '../src/index.ts'

/** What to measure. */
export interface BroadcastPlan {
  readonly clients: number
  /** Messages to everyone, in each of the two runs. */
  readonly messages: number
  readonly bytes: number
  /** Time between two messages. */
  readonly everyMs: number
  /** The folder of this script: where it is bundled, it does not know. */
  readonly folder: string
}

/** How fast and how completely messages arrived. */
export interface Arrival {
  readonly received: number
  /** The fewest that any client got. */
  readonly fewest: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** What came of it. */
export interface BroadcastFigures {
  readonly without: Arrival
  readonly withDeaf: Arrival
  /** Most bytes that waited for the client that reads nothing, in its socket and in the hub. */
  readonly mostWaitingBytes: number
  /** What may wait for it. */
  readonly boundBytes: number
  /** Heap and buffers after garbage collection, before and after the second run. */
  readonly memoryBytes: readonly [before: number, after: number]
}

/** The size of the head of an unmasked frame of 126 to 65,535 bytes. */
const HEAD_BYTES = 4
const HIGH_WATER_BYTES = 262_144
const MAX_WAITING_BYTES = 1_048_576
/** The system buffers megabytes for a client; only beyond that does the server see that it does not read. */
const FILL_BYTES = 65_000

/**
 * Sends messages to many clients in another process, without and with one more that never reads, which is filled up first, and
 * measures when each arrives.
 */
export async function measureBroadcast(plan: BroadcastPlan): Promise<BroadcastFigures> {
  const hub = createHub({ backpressure: { policy: 'drop-oldest', maxBytes: MAX_WAITING_BYTES } })
  const server = createServer({
    admission: { perSecond: Number.POSITIVE_INFINITY },
    maxConnections: plan.clients + 10,
    highWaterMarkBytes: HIGH_WATER_BYTES,
    // The crowd answers no pings, and the client that does not read is to stay.
    pingIntervalMs: Number.POSITIVE_INFINITY,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    handler: (connection) => void hub.register(connection, { rooms: ['all'] }),
  })
  const { host, port } = await server.start()
  const [crowd, deaf] = [startCrowd(plan.folder), startCrowd(plan.folder)]
  try {
    const frames = { host, port, frameBytes: plan.bytes + HEAD_BYTES, headBytes: HEAD_BYTES }
    await ask(crowd, { what: 'open', clients: plan.clients, ...frames })
    // Once for the compiler and for sockets that have never been used.
    await run(plan, hub, crowd)
    const without = await run(plan, hub, crowd)
    await ask(deaf, { what: 'open', clients: 1, ...frames })
    deaf.kill('SIGSTOP')
    const member = [...hub.members()].at(-1)
    if (member === undefined) throw new Error('the client that does not read is not connected')
    await fill(member, hub)
    const before = heldBytes()
    let mostWaitingBytes = 0
    const withDeaf = await run(plan, hub, crowd, () => {
      mostWaitingBytes = Math.max(mostWaitingBytes, waitingBytes(member))
    })
    const boundBytes = HIGH_WATER_BYTES + MAX_WAITING_BYTES + FILL_BYTES + plan.bytes + 2 * HEAD_BYTES
    return { without, withDeaf, mostWaitingBytes, boundBytes, memoryBytes: [before, heldBytes()] }
  } finally {
    deaf.kill('SIGKILL')
    crowd.kill()
    await server.stop({ deadlineMs: 0 })
    hub.dispose()
  }
}

/** Sends until nothing is taken any more and the hub holds what it may. */
async function fill(member: Member, hub: ReturnType<typeof createHub>): Promise<void> {
  hub.join(member, 'deaf')
  while (member.dropped === 0) {
    hub.broadcast('x'.repeat(FILL_BYTES), { room: 'deaf' })
    await sleep(1)
  }
}

async function run(
  plan: BroadcastPlan,
  hub: ReturnType<typeof createHub>,
  crowd: ReturnType<typeof startCrowd>,
  after: () => void = () => {},
): Promise<Arrival> {
  const padding = 'x'.repeat(plan.bytes - 16)
  for (let n = 0; n < plan.messages; n += 1) {
    const sentUs = String(process.hrtime.bigint() / 1_000n).padStart(16, '0')
    hub.broadcast(sentUs + padding, { room: 'all' })
    after()
    await sleep(plan.everyMs)
  }
  for (;;) {
    const { fewest } = await ask(crowd, { what: 'received' })
    if (Number(fewest) >= plan.messages) break
    await sleep(20)
  }
  return (await ask(crowd, { what: 'report' })) as unknown as Arrival
}

function waitingBytes({ target, waiting }: Member): number {
  return waiting.bytes + ('bufferedBytes' in target ? target.bufferedBytes : 0)
}

function heldBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

function startCrowd(folder: string) {
  return fork(join(folder, 'crowd.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

async function ask(
  crowd: ReturnType<typeof startCrowd>,
  message: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answered = once(crowd, 'message')
  crowd.send(message)
  const [answer] = await answered
  if (answer.what === 'failed') throw new Error(answer.message)
  return answer
}

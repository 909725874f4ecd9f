import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from '../src/index.ts'
import { echoSessions, sessions } from '../src/sessions/index.ts'
import { openRaw, textFrame, upgradeText } from './frames.mjs'

const kinds = ['no byte', 'half a request', 'no HELLO'] as const

/** How far a handshake got. */
export type HalfOpenKind = (typeof kinds)[number]

/** How a client fared among those that only begin. */
export interface HalfOpenFigures {
  /** Connections that had only begun while the client came. */
  readonly halfOpen: number
  /** How long it took until a session was there, in milliseconds, at worst and in the middle. */
  readonly worstMs: number
  readonly medianMs: number
  /** How long the one lived that lived longest, from its connection to its end, by kind. */
  readonly longestMs: Readonly<Record<HalfOpenKind, number>>
}

const hello = JSON.stringify({
  v: [1],
  sid: null,
  tok: null,
  att: 1,
  rx: 0,
  ack: 0,
  max: 1_048_576,
  win: [1_024, 4_194_304],
  cid: 'measure',
})
const helloFrame = textFrame(`\u0010H${hello}`)

/** Makes a server with sessions whose limits are the defaults, but for the rate of HELLOs, which would hide what is measured. */
function makeServer({ helloTimeoutMs = 10_000, maxUnconfirmed = 1_000 }) {
  const live = sessions({
    handler: echoSessions,
    helloTimeoutMs,
    authenticateTimeoutMs: helloTimeoutMs,
    maxUnconfirmed,
  })
  const server = createServer({
    sessions: live,
    admission: { perSecond: Number.POSITIVE_INFINITY },
    handshakeTimeoutMs: helloTimeoutMs,
  })
  return { live, server }
}

/**
 * Holds handshakes half open, of three kinds in turn (no byte, half a request, no HELLO), and meanwhile lets a client connect
 * again and again.
 */
export async function measureHalfOpen({
  count,
  timeoutMs = 10_000,
}: {
  count: number
  timeoutMs?: number
}): Promise<HalfOpenFigures> {
  const { server } = makeServer({ helloTimeoutMs: timeoutMs })
  const { host, port } = await server.start()
  const open = new Set<Socket>()
  const longestMs = { 'no byte': 0, 'half a request': 0, 'no HELLO': 0 }
  const hold = (socket: Socket, kind: HalfOpenKind) => {
    open.add(socket)
    let connectedAt = performance.now()
    socket.on('connect', () => (connectedAt = performance.now()))
    socket.on('close', () => {
      open.delete(socket)
      longestMs[kind] = Math.max(longestMs[kind], performance.now() - connectedAt)
    })
    // What is not read hides its end.
    socket.on('error', () => {}).resume()
  }
  try {
    for (let n = 0; n < count; n += 1) {
      const socket = connect(port, host)
      hold(socket, kinds[n % 3] ?? 'no byte')
      const half = upgradeText(host, port, 'holdfast.v1')
      socket.on('connect', () => {
        if (n % 3 === 1) socket.write(half.slice(0, 40))
        if (n % 3 === 2) socket.write(half)
      })
      if (n % 100 === 99) await once(socket, 'connect')
    }
    const tookMs: number[] = []
    const halfOpen = open.size
    for (let n = 0; n < 20; n += 1) tookMs.push(await timeToSession(host, port))
    while (open.size > 0) await sleep(20)
    tookMs.sort((a, b) => a - b)
    return {
      halfOpen,
      worstMs: tookMs.at(-1) ?? 0,
      medianMs: tookMs[tookMs.length >> 1] ?? 0,
      longestMs,
    }
  } finally {
    for (const socket of open) socket.destroy()
    await server.stop({ deadlineMs: 0 })
  }
}

/** What HELLOs without anything behind them cost. */
export interface HelloDropFigures {
  readonly dropped: number
  readonly perSecond: number
  /** Heap and buffers after garbage collection: after a first tenth, and at the end. */
  readonly memoryBytes: readonly [early: number, end: number]
  /** Sessions held at the end. */
  readonly sessions: number
}

/** Says HELLO on many connections, a few at a time, and drops each once it is welcome. */
export async function measureHelloDrops({
  count,
  atOnce = 100,
  maxUnconfirmed = 1_000,
}: {
  count: number
  atOnce?: number
  maxUnconfirmed?: number
}): Promise<HelloDropFigures> {
  const { live, server } = makeServer({ maxUnconfirmed })
  const { host, port } = await server.start()
  const startedAt = performance.now()
  try {
    const first = Math.ceil(count / 10)
    await dropMany(host, port, first, atOnce)
    while (server.connections.size > 0) await sleep(5)
    const early = heldBytes()
    await dropMany(host, port, count - first, atOnce)
    while (server.connections.size > 0) await sleep(5)
    return {
      dropped: count,
      perSecond: Math.round((count / (performance.now() - startedAt)) * 1_000),
      memoryBytes: [early, heldBytes()],
      sessions: live.overview().length,
    }
  } finally {
    await server.stop({ deadlineMs: 0 })
  }
}

async function dropMany(host: string, port: number, count: number, atOnce: number): Promise<void> {
  let left = count
  const worker = async () => {
    while (left > 0) {
      left -= 1
      const { socket } = await welcomed(host, port)
      // A reset, so that the port is free at once: there are not a hundred thousand of them.
      socket.resetAndDestroy()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function timeToSession(host: string, port: number): Promise<number> {
  const startedAt = performance.now()
  const { socket } = await welcomed(host, port)
  socket.destroy()
  return performance.now() - startedAt
}

async function welcomed(host: string, port: number): Promise<{ socket: Socket }> {
  let welcome = () => {}
  const answered = new Promise<void>((resolve) => {
    welcome = resolve
  })
  const socket: Socket = await openRaw({ host, port, protocol: 'holdfast.v1', onBytes: () => welcome() })
  socket.write(helloFrame)
  await answered
  return { socket }
}

function heldBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

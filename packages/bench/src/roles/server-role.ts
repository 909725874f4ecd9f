import { setTimeout as sleep } from 'node:timers/promises'
import type { Payload, ServerKind } from '../contender.ts'
import { answerParent } from '../part.ts'
import { startServer } from '../servers/start-server.ts'
import { heldBytes } from '../held-bytes.ts'

/** A server in its own process: echoes, and does what the measurement asks. */
export async function serve(kind: ServerKind | 'holdfast'): Promise<void> {
  /** With a log, messages are noted and not echoed. */
  let log: unknown[] | undefined
  let arrivals: number[] = []
  const plan = {
    received: (message: unknown) => {
      if (log === undefined) return message
      log.push(message)
      return undefined
    },
    connected: () => arrivals.push(Date.now()),
  }
  let server = await startServer(kind, { ...plan, port: 0 })
  answerParent({
    url: () => server.url,
    count: () => server.count(),
    cpuUs: () => cpuUs(),
    heldBytes: () => heldBytes(),
    settle: () => sleep(1_000),
    cut: () => server.cut(),
    broadcast: ({ message, times }: { message: Payload; times: number }) => {
      for (let n = 0; n < times; n += 1) server.broadcast(message)
    },
    stream: async ({ count, everyMs }: { count: number; everyMs: number }) => {
      for (let n = 0; n < count; n += 1) {
        server.broadcast(`s${n}`)
        await sleep(everyMs)
      }
    },
    tick: async ({ everyMs, forMs }: { everyMs: number; forMs: number }) => {
      const untilMs = performance.now() + forMs
      while (performance.now() < untilMs) {
        server.broadcast('tick')
        await sleep(everyMs)
      }
    },
    startLog: () => {
      log = []
    },
    log: () => log,
    arrivals: () => arrivals.splice(0),
    stop: () => server.stop(),
    restart: async () => {
      arrivals = []
      server = await startServer(kind, { ...plan, port: Number(new URL(server.url).port) })
    },
  })
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

import { setTimeout as sleep } from 'node:timers/promises'
import { atARate } from '../at-a-rate.ts'
import type { Payload, ServerKind } from '../contender.ts'
import { cpuUs } from '../cpu.ts'
import { heldBytes } from '../held-bytes.ts'
import { answerParent } from '../part.ts'
import type { ServerPlan } from '../servers/server-part.ts'
import { startServer } from '../servers/start-server.ts'

/** A server in its own process: echoes, and does what the measurement asks. */
export async function serve(kind: ServerKind, watchful: boolean): Promise<void> {
  const records = new Records()
  const plan = { ...records.plan, watchful }
  let server = await startServer(kind, { ...plan, port: 0 })
  answerParent({
    url: () => server.url,
    cpuUs: () => cpuUs(),
    heldBytes: () => heldBytes(),
    settle: () => sleep(1_000),
    cut: () => server.cut(),
    broadcast: ({ message, times }: { message: Payload; times: number }) => {
      for (let n = 0; n < times; n += 1) server.broadcast(message)
    },
    stream: ({ count, everyMs }: Repeats) => atARate(count, everyMs, (n) => server.broadcast(`s${n}`)),
    tick: ({ count, everyMs }: Repeats) => atARate(count, everyMs, () => server.broadcast('tick')),
    startLog: () => records.startLog(),
    log: () => records.log,
    hasGot: ({ text }: { text: string }) => records.log.some((entry) => String(entry).includes(text)),
    arrivals: () => records.arrivals.splice(0),
    stop: () => server.stop(),
    restart: async () => {
      records.arrivals.length = 0
      server = await startServer(kind, { ...plan, port: Number(new URL(server.url).port) })
    },
  })
}

interface Repeats {
  readonly count: number
  readonly everyMs: number
}

/** What a server saw. */
class Records {
  /** When connections came, as the time of day. */
  readonly arrivals: number[] = []
  #log: unknown[] | undefined

  /** What arrived since `startLog`. */
  get log(): readonly unknown[] {
    return this.#log ?? []
  }

  /** With a log, messages are noted and not echoed. */
  startLog(): void {
    this.#log = []
  }

  get plan(): Omit<ServerPlan, 'port' | 'watchful'> {
    return {
      received: (message) => {
        if (this.#log === undefined) return message
        this.#log.push(message)
        return undefined
      },
      connected: () => void this.arrivals.push(Date.now()),
    }
  }
}

import { check } from './check.ts'
import type { ChaosProxy } from './chaos-proxy.ts'
import { noFaults } from './faults.ts'
import { mergeFaults } from './merge-faults.ts'
import { type RandomScheduleOptions, randomSchedule } from './random-schedule.ts'
import { readSteps, type Step } from './step.ts'

/** Is what a route gets to see of a request. */
export interface ControlRequest {
  readonly query: URLSearchParams
  /** Reads the body; see `readJson`. */
  json(): Promise<unknown>
}

/** Does one thing for one request; what it returns, or resolves to, is the body of the answer. */
export type Route = (proxy: ChaosProxy, request: ControlRequest) => unknown

/** Reads `?after=n`, 0 when it is left out. */
export function readAfter(text: string | null): number {
  // `Number('')` is 0, which would hide a mistake.
  const value = text === null ? 0 : /^\d+$/.test(text) ? Number(text) : text
  return check.integer('after', value, 0, Number.MAX_SAFE_INTEGER)
}

function stateOf(proxy: ChaosProxy) {
  const { target, host, port, isListening, controlPort, seed, startedAt, isScheduled, faults, connections } =
    proxy
  const connectionCount = connections.length
  const lastEvent = proxy.log.at(-1)?.n ?? 0
  const ports = { target, host, port, isListening, controlPort }
  return { ...ports, seed, startedAt, isScheduled, faults, connectionCount, connections, lastEvent }
}

function readSchedule(body: unknown, seed: number): readonly Step[] {
  if (Array.isArray(body)) return readSteps(body)
  const { random } = check.object('body', body, ['random'])
  const options = check.object('random', random, ['seed', 'durationMs', 'everyMs', 'maxForMs', 'troubles'])
  return randomSchedule({ seed, ...options } as unknown as RandomScheduleOptions)
}

/** Maps path and method to what is done; the result is sent as JSON. */
export const routes: Readonly<Record<string, Readonly<Partial<Record<string, Route>>>>> = {
  '/': { GET: stateOf },
  '/faults': {
    GET: (proxy) => proxy.faults,
    PUT: async (proxy, request) => {
      await proxy.set(mergeFaults(noFaults, await request.json()))
      return stateOf(proxy)
    },
    PATCH: async (proxy, request) => {
      await proxy.set((await request.json()) as object)
      return stateOf(proxy)
    },
  },
  '/clear': {
    POST: async (proxy) => {
      await proxy.clear()
      return stateOf(proxy)
    },
  },
  '/cut': { POST: (proxy) => ({ connections: proxy.cut() }) },
  '/reset': { POST: (proxy) => ({ connections: proxy.reset() }) },
  '/log': { GET: (proxy, { query }) => proxy.logAfter(readAfter(query.get('after'))) },
  '/schedule': {
    POST: async (proxy, request) => {
      const steps = readSchedule(await request.json(), proxy.seed)
      proxy.runSchedule(steps)
      return { steps }
    },
  },
}

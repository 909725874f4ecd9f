import type { Release } from '@holdfast/lifetime'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { HttpRoute } from '../http-route.ts'
import { callable, knownNames, text } from '../option-checks.ts'
import type { HoldfastServer } from '../server.ts'
import { type Family, families, type Snapshot } from './families.ts'
import { metricsRoute } from './metrics-route.ts'

/** The part of a server that its metrics tell about. */
export type MetricsSource = Pick<HoldfastServer, 'on' | 'state' | 'counters' | 'connections' | 'sessionStats'>

/** How a server is measured. */
export interface MetricsOptions {
  /** Where the metrics are put. Default: a registry of their own. */
  readonly registry?: Registry
  /** What all names begin with. Default `holdfast_`; another for each server that shares a registry. */
  readonly prefix?: string
}

/** From a neighbouring machine to the other side of the world, and then those that are in trouble. In seconds. */
const rttBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** More values of one label than this are counted as `other`: a bound for what should never be reached. */
const MAX_LABEL_VALUES = 64

/** The metrics of one server. Make them with `serverMetrics`. */
export class ServerMetrics {
  /** Has the metrics, in the form of prom-client. */
  readonly registry: Registry
  /** Answers `GET /metrics` with everything in `registry`: for the option `routes`, or your own HTTP server. */
  readonly route: HttpRoute
  readonly #server: MetricsSource
  readonly #prefix: string
  readonly #names: string[]
  readonly #release: Release
  #now: Snapshot | undefined
  declare [Symbol.dispose]: () => void

  constructor(server: MetricsSource, registry: Registry, prefix: string) {
    this.registry = registry
    this.route = metricsRoute(registry)
    this.#server = server
    this.#prefix = prefix
    this.#names = families.map((family) => this.#add(family))
    const rtt = new Histogram({
      name: `${prefix}rtt_seconds`,
      help: 'Round-trip times of answered pings.',
      buckets: rttBuckets,
      registers: [registry],
    })
    this.#names.push(`${prefix}rtt_seconds`)
    this.#release = server.on('pong', ({ rttMs }) => rtt.observe(rttMs / 1_000))
  }

  /** Takes the metrics out of the registry and lets go of the server. Idempotent. */
  dispose(): void {
    this.#release()
    for (const name of this.#names.splice(0)) this.registry.removeSingleMetric(name)
  }

  #add({ kind, name, help, label, read }: Family): string {
    const labelNames = label === undefined ? [] : [label]
    const rows = () => rowsOf(label, read(this.#snapshot()) ?? {})
    const settings = { name: `${this.#prefix}${name}`, help, labelNames, registers: [] }
    const metric =
      kind === 'gauge'
        ? new Gauge({
            ...settings,
            collect() {
              this.reset()
              for (const [labels, value] of rows()) this.set(labels, value)
            },
          })
        : new Counter({
            ...settings,
            collect() {
              this.reset()
              for (const [labels, value] of rows()) this.inc(labels, value)
            },
          })
    this.registry.registerMetric(metric)
    return settings.name
  }

  /** Reads the server once for all metrics that are asked for in one turn. */
  #snapshot(): Snapshot {
    if (this.#now !== undefined) return this.#now
    const { state, counters, connections, sessionStats } = this.#server
    this.#now = { state, counters, connections, sessions: sessionStats }
    queueMicrotask(() => {
      this.#now = undefined
    })
    return this.#now
  }
}

const { prototype } = ServerMetrics
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose

function rowsOf(
  label: string | undefined,
  values: Readonly<Record<string, number>>,
): [Record<string, string>, number][] {
  const entries = Object.entries(values)
  if (label === undefined) return entries.map(([, value]) => [{}, value])
  const rest = entries.slice(MAX_LABEL_VALUES).reduce((sum, [, value]) => sum + value, 0)
  const named = entries.slice(0, MAX_LABEL_VALUES)
  if (rest > 0) named.push(['other', rest])
  return named.map(([name, value]) => [{ [label]: name }, value])
}

/**
 * Measures a server for Prometheus: connections, closes by cause, refusals, sessions by state, resumes, gaps, buffered bytes
 * and round-trip times. Numbers are read when they are asked for; only the round-trip times are counted as they come. A second
 * call needs another `registry` or `prefix`.
 * @throws TypeError or RangeError naming the option and the value received; Error when the registry has such names already
 * @example
 * const server = createServer({ routes: [(...request) => metrics.route(...request)] })
 * const metrics = serverMetrics(server)
 */
export function serverMetrics(server: MetricsSource, options: MetricsOptions = {}): ServerMetrics {
  knownNames('metrics', options, ['registry', 'prefix'])
  const { registry = new Registry(), prefix = 'holdfast_' } = options
  callable('metrics.registry.metrics', registry.metrics)
  text('metrics.prefix', prefix)
  return new ServerMetrics(server, registry, prefix)
}

// Many real clients of one server: what they do when it goes, what it does when it ends or is abused. Each part is a file of its own.
import { availableParallelism, loadavg } from 'node:os'
import { comeBack } from './come-back.mjs'
import { drain } from './drain.mjs'
import { flood } from './flood.mjs'
import { leave } from './leave.mjs'
import { storm } from './storm.mjs'

/** The parts, in the order in which they run. */
export const crowdParts = { back: comeBack, drain, storm, leave, flood }

/** What a run does when nothing else is said. */
export const crowdDefaults = {
  /** Clients that lose their server, or are moved. */
  clients: 10_000,
  /** Processes that they are spread over. */
  processes: 4,
  /** The clients' delays: the SDK's own defaults. */
  backoffBaseMs: 2_000,
  backoffCapMs: 30_000,
  /** How many a server takes in per second. */
  rate: 500,
  /** How long it is down. */
  downMs: 2_000,
  /** Clients of a drained server, and within how long they leave it: a hundred a second, so that chance has no part in how even that is. */
  drainClients: 2_000,
  spreadMs: 20_000,
  /** The storm that is also simulated: clients, what the server takes in per second, how long it is down, how long all was well. */
  stormClients: 3_000,
  stormRate: 300,
  stormDownMs: 10_000,
  settleMs: 12_000,
  /** Sessions whose server gets SIGTERM, how often each end sends, how long before and after, and what the server has. */
  sessions: 1_000,
  sendEveryMs: 1_000,
  loadMs: 5_000,
  deadlineMs: 5_000,
  /** A flood of pings. */
  floodMs: 10_000,
  pingsPerS: 200_000,
}

/** Runs the parts. @param {Partial<typeof crowdDefaults> & { only?: string[], print?: (line: string) => void, onPart?: (part: object) => void }} given */
export async function runCrowd({
  only = Object.keys(crowdParts),
  print = () => {},
  onPart = () => {},
  ...given
} = {}) {
  const options = { ...crowdDefaults, ...given }
  const backoff = { baseMs: options.backoffBaseMs, capMs: options.backoffCapMs }
  const parts = []
  for (const name of only) {
    print(`${name}:`)
    const startedAt = performance.now()
    const part = await crowdParts[name]({ ...options, backoff, print: (line) => print(`  ${line}`) })
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    const machine = { cores: availableParallelism(), load: Math.round((loadavg()[0] ?? 0) * 10) / 10 }
    const told = { name, seconds, machine, ...part }
    parts.push(told)
    onPart(told)
  }
  return { options, parts, met: parts.every(({ bars }) => bars.every(({ met }) => met)) }
}

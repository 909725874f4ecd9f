// A server is drained, and its clients come to its replacement: one by one, not as a crowd.
import { atMost, counted } from './bars.mjs'
import { Crowd } from './crowd.mjs'
import { startServer } from './start-server.mjs'

/** A client keeps its connection until its own moment has come: then it takes what a handshake takes. */
const MAX_AWAY_MS = 1_000

const sum = (list) => list.reduce((total, value) => total + value, 0)

/** Measures it. */
export async function drain({
  drainClients: clients,
  processes,
  backoff,
  rate,
  spreadMs,
  deadlineMs,
  print,
}) {
  const given = { perSecond: rate, maxConnections: clients + 100, deadlineMs }
  const [old, replacement] = [await startServer(given), await startServer(given)]
  const crowd = new Crowd({ clients, processes, backoff, url: old.url, print })
  try {
    await crowd.open()
    print(`drain within ${spreadMs} ms`)
    // What a load balancer does as soon as readiness is red.
    await crowd.target(replacement.url)
    await crowd.mark()
    const startedAt = Date.now()
    await old.program.ask('drain', { spreadMs })
    const { back } = await crowd.back('moved')
    const { dials, awayMs } = await crowd.times()
    const { code } = await old.program.end('SIGTERM')
    const arrivals = (await replacement.program.ask('arrivals')).map((atMs) => atMs - startedAt)
    const { counters } = await replacement.program.ask('stats')
    return judge({ clients, spreadMs, back, dials, awayMs, arrivals, code, counters })
  } finally {
    await crowd.end()
    await Promise.all([old, replacement].map(({ program }) => program.kill()))
  }
}

function judge({ clients, spreadMs, back, dials, awayMs, arrivals, code, counters }) {
  const perSecond = Array.from({ length: Math.ceil(spreadMs / 1_000) }, () => 0)
  for (const atMs of arrivals) {
    const second = Math.floor(atMs / 1_000)
    while (perSecond.length <= second) perSecond.push(0)
    perSecond[second] += 1
  }
  // Until the last one: who comes late makes it uneven, too.
  const mean = clients / perSecond.length
  return {
    figures: {
      'arrivals a second': perSecond,
      'refused there': counters.refused.busy,
      'most without a connection, ms': Math.max(...awayMs),
    },
    bars: [
      counted('clients that moved', back, clients),
      counted('exit code of the drained server', code, 0),
      atMost('arrivals in a second, peak to mean', Math.max(...perSecond) / mean, 1.3),
      atMost('tries per client', dials.length / clients, 1.05),
      atMost('without a connection on the way, mean, ms', sum(awayMs) / clients, MAX_AWAY_MS),
    ],
  }
}

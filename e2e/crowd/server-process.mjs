// A server for a crowd, with its own channel to the measurement. Argument: JSON with port, perSecond, maxConnections, deadlineMs.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createServer } from '@holdfast/server'
import { echoSessions, sessions } from '@holdfast/server/sessions'
import { answer, heldBytes } from './program.mjs'

const { port, perSecond, maxConnections, deadlineMs } = JSON.parse(process.argv[2])

const live = sessions({ handler: echoSessions, maxPerPrincipal: maxConnections })
const server = createServer({ port, maxConnections, admission: { perSecond }, sessions: live })
let arrivedAtMs = []
server.on('connection', () => arrivedAtMs.push(Date.now()))

process.once('SIGTERM', async () => {
  await server.stop({ deadlineMs })
  // Nothing else holds the process: it ends by itself, with its own exit code.
  process.disconnect()
})

let delay
answer({
  start: () => server.start(),
  memory: () => heldBytes(),
  stats: () => ({
    sessions: server.sessionStats,
    counters: server.counters,
    connections: server.connections.size,
  }),
  cut() {
    for (const connection of server.connections) connection.terminate()
  },
  drain: (given) => server.drain(given),
  arrivals() {
    const arrivals = arrivedAtMs
    arrivedAtMs = []
    return arrivals
  },
  watchDelay() {
    delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
  },
  delay() {
    delay.disable()
    return { p50Ms: delay.percentile(50) / 1e6, p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 }
  },
})

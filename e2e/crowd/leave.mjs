// A server that shares its sessions through Redis gets SIGTERM under load, and its clients go on at the other one. Judged by the logs of both
// ends, as a fail-over is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drained } from '../failover/drained.mjs'
import { fleetNode } from '../failover/fleet.mjs'
import { Journal } from '../failover/journal.mjs'
import { startClient } from '../failover/load.mjs'
import { judge } from '../failover/oracle.mjs'
import { redisIn } from '../failover/redis.mjs'
import { atMost, counted } from './bars.mjs'

const PATIENCE_MS = 60_000

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const sum = (list) => list.reduce((total, value) => total + value, 0)

/** Measures it. */
export async function leave({ print, ...options }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-leave-'))
  const redis = redisIn(folder, false)
  await redis.start()
  const parts = { folder, redis: redis.socket, durable: false, ...options }
  const nodes = [await fleetNode('a', parts), await fleetNode('b', parts)]
  const clients = []
  try {
    for (const node of nodes) await node.start()
    return await run({ ...options, print, nodes, clients, journal: new Journal(folder) })
  } finally {
    for (const { session, quiet } of clients) {
      quiet()
      session.dispose()
    }
    for (const node of nodes) {
      node.relay.end()
      await node.kill()
    }
    await redis.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run({ sessions, sendEveryMs, deadlineMs, loadMs, nodes, clients, journal, print }) {
  const [leaving, other] = nodes
  let target = leaving
  const urlOf = () => `ws://127.0.0.1:${target.port}/`
  for (let n = 0; n < sessions; n += 1) {
    clients.push(startClient(`client${n + 1}`, urlOf, sendEveryMs))
    // Not all in one moment, or they would also all send in one.
    if (n % 20 === 19) await pause(Math.min(50, sendEveryMs / 20))
  }
  await Promise.all(clients.map(({ session }) => session.opened()))
  print(`${sessions} sessions under load`)
  await pause(loadMs)
  target = other
  const startedAt = performance.now()
  const askedAt = Date.now()
  const code = await leaving.terminate()
  // By its own log: this process, with all the clients, may hear of it later.
  const { at } = journal.events.find(({ event }) => event === 'exit')
  const tookMs = at - askedAt
  print(`the server has ended with ${code} after ${Math.round(tookMs)} ms`)
  while (clients.some(({ resumes }) => resumes === 0) && performance.now() - startedAt < PATIENCE_MS)
    await pause(20)
  await pause(loadMs)
  for (const { quiet } of clients) quiet()
  other.signal('SIGUSR2')
  await drained({ journal }, clients)
  const verdict = judge({ events: journal.events, clients, posts: [], zombies: [], mayLose: false })
  const otherCode = await other.terminate()
  return report({ ...verdict, events: journal.events, clients, code, otherCode, tookMs, deadlineMs })
}

/**
 * What the oracle leaves open. A message that the server hands back is told of, and so it is not lost; but in a planned end there should be none of
 * them, and nothing repeated: there is, when the machine is too busy to give Redis everything in time.
 */
function report({ violations, counts, events, clients, code, otherCode, tookMs, deadlineMs }) {
  const received = new Set(clients.flatMap((client) => client.received))
  const named = (word) => events.filter(({ event }) => event === word)
  const backs = named('fate').filter(({ fate }) => fate === 'undelivered' || fate === 'uncertain')
  const told = new Set(backs.map(({ message }) => message))
  const missing = named('sent').filter(({ message }) => !received.has(message))
  const lost = missing.filter(({ message }) => !told.has(message))
  const sentUp = sum(clients.map(({ sent }) => sent.length))
  const wentOn = clients.filter(({ resumes }) => resumes > 0).length
  return {
    figures: { 'exit, ms': Math.round(tookMs), ...counts, violations: violations.slice(0, 20) },
    bars: [
      counted('exit code after SIGTERM', code, 0),
      atMost('exit after SIGTERM, ms', tookMs, deadlineMs),
      counted('promises broken, by the logs of both ends', violations.length, 0),
      counted('clients that went on at the other server', wentOn, clients.length),
      counted('clients told of a gap', counts.gaps ?? 0, 0),
      counted('messages from clients: delivered of those sent', counts['up delivered'], sentUp),
      counted('messages from clients: acknowledged of those sent', counts['up acked'], sentUp),
      counted('messages to clients: missing, and nobody was told', lost.length, 0),
      atMost('messages to clients: handed back instead of delivered', missing.length, 0),
      atMost(
        'messages from clients: given to a second handler',
        counts['up repeated to another server'] ?? 0,
        0,
      ),
      counted('exit code of the other server', otherCode, 0),
    ],
  }
}

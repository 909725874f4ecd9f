// Two servers, one Redis, clients with load in both directions; servers are killed, stopped and continued, Redis is killed and
// started again. Afterwards the logs of both ends are compared with what is promised.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '@holdfast/server'
import { redisStore } from '@holdfast/server/redis'
import { sessions } from '@holdfast/server/sessions'
import { createClient } from 'redis'
import { drained } from './drained.mjs'
import { fleetNode } from './fleet.mjs'
import { Journal } from './journal.mjs'
import { startClient } from './load.mjs'
import { judge } from './oracle.mjs'
import { redisIn } from './redis.mjs'
import { isFarewell } from './relay.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** What a run does when nothing else is said. */
export const failoverDefaults = {
  kills: 3,
  zombies: 2,
  restarts: 1,
  ends: 1,
  durable: true,
  clients: 6,
  sendEveryMs: 20,
  seed: 1,
}

/** Runs it. @param {Partial<typeof failoverDefaults> & { print?: (line: string) => void }} given */
export async function runFailover({ print = () => {}, ...given } = {}) {
  const options = { ...failoverDefaults, ...given }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-failover-'))
  const redis = redisIn(folder, options.durable)
  await redis.start()
  // So that a server that hangs is fenced off while it hangs.
  const parts = { folder, redis: redis.socket, handOverMs: 500, ...options }
  const nodes = [await fleetNode('a', parts), await fleetNode('b', parts)]
  /** @type {(() => Promise<unknown>)[]} */
  const ends = [() => redis.kill(), async () => rmSync(folder, { recursive: true, force: true })]
  try {
    for (const node of nodes) {
      await node.start()
      ends.unshift(
        async () => node.relay.end(),
        () => node.kill(),
      )
    }
    const world = {
      options,
      journal: new Journal(folder),
      redis,
      nodes,
      away: new Set(),
      zombies: [],
      print,
      random: randomFrom(options.seed),
    }
    return await run(world, ends)
  } finally {
    for (const end of ends) await end()
  }
}

async function run(world, ends) {
  const { options, nodes, journal, random } = world
  const startedAt = performance.now()
  const urlOf = () => {
    const up = nodes.filter((node) => !world.away.has(node))
    return `ws://127.0.0.1:${up[Math.floor(random() * up.length)].relay.port}/`
  }
  const names = Array.from({ length: options.clients }, (_, index) => `client${index + 1}`)
  const clients = names.map((name) => startClient(name, urlOf, options.sendEveryMs))
  ends.unshift(async () => clients.forEach(({ session, quiet }) => [quiet(), session.dispose()]))
  await Promise.all(clients.map(({ session }) => session.opened()))
  const poster = await startPoster(world)
  ends.unshift(() => poster.end())
  for (const [index, step] of shuffled(world).entries()) {
    await step(world)
    if (index % 20 === 19) world.print(`${index + 1} steps`)
  }
  await pause(300)
  await poster.quiet()
  for (const { quiet } of clients) quiet()
  for (const node of nodes) node.signal('SIGUSR2')
  await drained(world, clients)
  const verdict = judge({
    events: journal.events,
    clients,
    posts: poster.posts,
    zombies: world.zombies,
    mayLose: options.restarts > 0 && !options.durable,
  })
  return { options, seconds: Math.round((performance.now() - startedAt) / 1_000), ...verdict }
}

function shuffled({ options: { kills, zombies, restarts, ends }, random }) {
  const steps = [
    ...Array.from({ length: kills }, () => killNode),
    ...Array.from({ length: zombies }, () => stopNode),
    ...Array.from({ length: restarts }, () => restartRedis),
    ...Array.from({ length: ends }, () => endNode),
  ]
  for (let index = steps.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    ;[steps[index], steps[other]] = [steps[other], steps[index]]
  }
  return steps
}

async function killNode({ nodes, away, random }) {
  const node = nodes[Math.floor(random() * nodes.length)]
  await node.kill()
  away.add(node)
  await pause(random() * 150)
  await node.start()
  away.delete(node)
  await pause(50 + random() * 250)
}

/** Ends a server in good order, and starts another one in its place. */
async function endNode({ nodes, away, random }) {
  const node = nodes[Math.floor(random() * nodes.length)]
  away.add(node)
  await node.terminate()
  await node.start()
  away.delete(node)
  await pause(50 + random() * 250)
}

/** Stops a server without its knowing, lets its clients go to the other one, and lets it go on. */
async function stopNode({ nodes, away, random, zombies, journal }) {
  const node = nodes[Math.floor(random() * nodes.length)]
  node.signal('SIGSTOP')
  await pause(30 + random() * 100)
  away.add(node)
  const left = node.relay.abandon()
  await pause(900 + random() * 600)
  const continuedAt = Date.now()
  const others = new Map()
  for (const { address, life, at } of journal.arrivals) {
    if (life !== node.life) others.set(address, at)
  }
  node.signal('SIGCONT')
  away.delete(node)
  await pause(300 + random() * 300)
  const fenced = left.filter(({ sid, leftAt }) => (others.get(sid) ?? 0) >= leftAt)
  const spoken = fenced.flatMap(({ heard }, connection) =>
    heard
      .filter((frame) => frame.at >= continuedAt && !isFarewell(frame))
      .map(({ at, opcode, text }) => ({
        connection,
        afterMs: at - continuedAt,
        opcode,
        text: text.slice(0, 60),
      })),
  )
  zombies.push({ pairs: left.length, fenced: fenced.length, spoken })
  node.relay.forget(left)
}

async function restartRedis({ redis, random }) {
  await redis.kill()
  await pause(random() * 300)
  await redis.start()
  await pause(300 + random() * 300)
}

/** A third server that has no clients and sends to those of the others. */
async function startPoster({ redis, options, journal, random }) {
  const client = createClient({ socket: { path: redis.socket, tls: false, reconnectStrategy: 20 } })
  client.on('error', () => {})
  const store = redisStore({ client, durable: options.durable, leaseMs: 2_000 })
  const server = createServer({ port: 0, sessions: sessions({ store }) })
  await server.start()
  const posts = []
  const countOf = new Map()
  const work = new AbortController()
  const posting = (async () => {
    while (!work.signal.aborted) {
      await pause(50)
      const recent = journal.arrivals.slice(-200)
      const target = recent[Math.floor(random() * recent.length)]
      if (target === undefined) continue
      const { id, address } = target
      const number = (countOf.get(id) ?? 0) + 1
      if (Number.isNaN(number)) continue
      const message = `post:${id}:${number}`
      const answer = await store.post(address, message).catch(() => 'uncertain')
      posts.push({ id, message, answer })
      // One that may have been posted is the last of its session here: what follows could not be told from a hole.
      countOf.set(id, answer === 'posted' ? number : answer === 'uncertain' ? Number.NaN : number - 1)
    }
  })()
  return {
    posts,
    async quiet() {
      work.abort()
      await posting
    },
    async end() {
      work.abort()
      await server.stop({ deadlineMs: 0 })
      client.destroy()
    },
  }
}

/** A small generator, so that a run can be repeated: the same steps in the same order, if not the same moments. */
function randomFrom(seed) {
  let state = (seed * 2_654_435_761 + 0x9e3779b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}

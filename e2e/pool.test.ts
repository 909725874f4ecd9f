import { createServer, type HoldfastServer, type ServerOptions } from '@holdfast/server'
import { connect, type Session } from 'holdfast'
import { type Lease, type PoolOptions, pool, type SessionPool } from 'holdfast/pool'
import { registry, type TracedConnection } from 'holdfast/registry'
import { afterEach, expect, test } from 'vitest'
import { measured } from './lab/measured.ts'

// Pools and registries with real sockets, against a server that closes what is idle, and one that is restarted.

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(options: ServerOptions): Promise<{ server: HoldfastServer; url: string; port: number }> {
  const server = createServer(options)
  const { port } = await server.start()
  ends.push(() => server.stop({ deadlineMs: 0 }))
  return { server, url: `ws://127.0.0.1:${port}/`, port }
}

function openPool(url: string, options: Partial<PoolOptions>): { pool: SessionPool; sessions: Session[] } {
  const sessions: Session[] = []
  const made = pool(() => {
    const session = connect(url, { backoff: { baseMs: 200 } })
    sessions.push(session)
    return session
  }, options)
  ends.push(() => made.dispose())
  return { pool: made, sessions }
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends something and resolves with what comes back. */
function echoed({ session }: Lease, message: string): Promise<unknown> {
  const answer = new Promise((resolve) => session.once('message', resolve))
  session.send(message)
  return answer
}

test('a pool that is idle for longer than the server allows serves the next leases without an error', async () => {
  const { server, url } = await serve({ idleTimeoutMs: 2_000, pingIntervalMs: Number.POSITIVE_INFINITY })
  const kept = openPool(url, { minSessions: 4, serverIdleMs: 2_000 })
  const left = openPool(url, { minSessions: 4 })
  await Promise.all([...kept.sessions, ...left.sessions].map((session) => session.opened()))
  const states: string[] = []
  for (const session of kept.sessions) session.on('state', ({ state }) => states.push(state.name))
  await later(5_000)
  // Kept alive just below the limit, no connection was ever closed; without that, all were.
  expect(states).toEqual([])
  expect(server.counters.opened).toBeGreaterThanOrEqual(4 + 2 * 4)
  for (const { pool } of [kept, left]) {
    const leases = await Promise.all([1, 2, 3, 4].map(() => pool.lease()))
    for (const [n, lease] of leases.entries()) {
      expect(await echoed(lease, `message ${n}`)).toBe(`message ${n}`)
      lease.release()
    }
  }
})

test('a server restart under a pool of 8 with 1,000 leases a second: no error, no dead lease', async () => {
  const first = await serve({ stopCode: 1012 })
  const { pool } = openPool(first.url, { minSessions: 8, maxSessions: 8 })
  const seen = { asked: 0, served: 0, dead: 0, unsent: 0, errors: [] as unknown[], slowestMs: 0 }
  const work = async () => {
    const askedAtMs = performance.now()
    try {
      const lease = await pool.lease()
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - askedAtMs)
      seen.served += 1
      if (lease.session.state.name !== 'open') seen.dead += 1
      if (lease.session.send('work').status !== 'written') seen.unsent += 1
      await later(2)
      lease.release()
    } catch (error) {
      seen.errors.push(error)
    }
  }
  const works: Promise<void>[] = []
  const startMs = performance.now()
  let second: HoldfastServer | undefined
  const restarted = later(1_500).then(async () => {
    await first.server.stop({ deadlineMs: 0 })
    await later(300)
    const again = await serve({ port: first.port })
    second = again.server
  })
  for (let elapsedMs = 0; elapsedMs < 5_000; elapsedMs = performance.now() - startMs) {
    for (; seen.asked < elapsedMs; seen.asked += 1) works.push(work())
    await later(5)
  }
  await Promise.all([...works, restarted])
  measured(
    `restart under a pool of 8: ${seen.served} leases in 5 s, ${seen.dead} dead, ${seen.errors.length} errors, the longest wait ${Math.round(seen.slowestMs)} ms`,
  )
  expect(seen).toMatchObject({ served: seen.asked, dead: 0, unsent: 0, errors: [] })
  expect(seen.asked).toBeGreaterThanOrEqual(4_900)
  expect(second?.counters.opened).toBe(8)
  expect(pool.stats()).toMatchObject({ sessions: 8, leases: 0, waiting: 0 })
  await pool.drain()
  expect(pool.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
})

test('a registry keeps one connection over a quick release and acquire, and drops each trace once', async () => {
  const { server, url } = await serve({})
  const traces: string[] = []
  const trace = ({ kind, number }: TracedConnection<string>) => {
    traces.push(`+${kind} ${number}`)
    return () => traces.push(`-${kind} ${number}`) as unknown as void
  }
  const sessions = registry((user: string) => connect(`${url}?user=${user}`, { backoff: { baseMs: 20 } }), {
    trace,
    lingerMs: 100,
  })
  ends.push(() => sessions.dispose())
  for (let mounts = 0; mounts < 10; mounts += 1) sessions.acquire('ada').release()
  const lease = sessions.acquire('ada')
  await lease.session.opened()
  expect(server.counters.opened).toBe(1)
  lease.session.reconnect()
  await lease.session.opened()
  const idle = new Promise((resolve) => sessions.on('idle', resolve))
  lease.release()
  expect(await idle).toEqual({ key: 'ada' })
  expect((await lease.session.closed).cause).toMatchObject({ kind: 'closed', code: 1000 })
  await later(0)
  expect(traces).toEqual(['+opened 1', '-opened 1', '+opened 2', '-opened 2'])
  expect(sessions.resources).toMatchObject({ timers: 0, sockets: 0 })
})

import { Scope, systemClock } from '@holdfast/lifetime'
import type { AttachRequest } from '@holdfast/protocol'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { redisStore, type RedisStoreOptions } from '../src/redis/index.ts'
import { hashOf, makeFreshIds } from '../src/sessions/session-ids.ts'
import type { SharedStore } from '../src/sessions/shared-store.ts'
import { move, node } from './redis-nodes.ts'
import { redisProcess } from './redis-process.ts'
import { afterwards, until } from './running.ts'
import { inState, joined } from './sessions-running.ts'

const redis = redisProcess()
beforeAll(() => redis.start())
afterAll(() => redis.end())

const authenticate = ({ auth }: { readonly auth: unknown }) => ({ principal: String(auth) })
type Node = Awaited<ReturnType<typeof node>>

/** Two servers with the same bounds, and keys of their own. */
async function fleet(prefix: string, own: Partial<RedisStoreOptions>) {
  const options = { authenticate, redis: { prefix, ...own } }
  return [await node(redis, options), await node(redis, options)] as const
}

/** A client that is sent away, and the codes that it was closed with. */
async function refused(at: Node, auth: string) {
  const client = at.client()
  await client.open(auth)
  await until(() => client.closes.length === 1)
  return client.closes
}

/** Waits until Redis has heard of everything that happened at a server: before, it counts what was. */
function told(at: Node): Promise<void> {
  return (at.store as unknown as SharedStore).settled()
}

test('a principal has no more sessions than the cap at all servers together, and the longest unused goes first', async () => {
  const [a, b] = await fleet('caps1:', { maxPerPrincipal: 2 })
  const first = await joined(a, 'ada')
  const second = await joined(a, 'ada')
  const other = await joined(b, 'bob')
  expect(await refused(b, 'ada')).toEqual([4429])
  await second.client.cut()
  await inState(second.session, 'detached')
  second.session.send('for nobody')
  await told(a)
  const third = await joined(b, 'ada')
  const { cause, handBack } = await second.session.closed
  expect(cause).toEqual({ kind: 'lost', reason: 'expired' })
  expect(handBack.uncertain.length + handBack.undelivered.length).toBe(1)
  for (const { session } of [first, third, other]) expect(session.state.name).toBe('attached')
})

test('a session that ends makes room, wherever it does', async () => {
  const [a, b] = await fleet('caps2:', { maxPerPrincipal: 1 })
  const { session } = await joined(a, 'ada')
  await session.close()
  await told(a)
  const { session: next, client } = await joined(b, 'ada')
  await move(client, a, 'ada')
  await next.closed
  expect(await refused(b, 'ada')).toEqual([4429])
  await a.opened.at(-1)?.close()
  await told(a)
  await joined(b, 'ada')
})

test('there are no more sessions than the cap at all servers together, whoever they belong to', async () => {
  const [a, b] = await fleet('caps3:', { maxSessions: 2, maxPerPrincipal: Infinity })
  const { client, session } = await joined(a, 'ada')
  await joined(b, 'bob')
  expect(await refused(b, 'eve')).toEqual([4429])
  await client.cut()
  await inState(session, 'detached')
  await told(a)
  await joined(b, 'eve')
  expect((await session.closed).cause).toEqual({ kind: 'lost', reason: 'expired' })
})

test('one that is counted is reported again and again, or its time would run out', async () => {
  const prefix = 'caps4:'
  const a = await node(redis, { authenticate, redis: { prefix, leaseMs: 1_000 }, ttlMs: 60_000 })
  const { session } = await joined(a, 'ada')
  const client = await redis.client()
  const [key] = (await client.sendCommand(['KEYS', `${prefix}of:*`])) as string[]
  const runsOutAt = async () => Number(await client.sendCommand(['ZSCORE', String(key), session.address]))
  const before = await runsOutAt()
  expect(before).toBeGreaterThan(Date.now())
  await vi.waitUntil(async () => (await runsOutAt()) > before, { timeout: 25_000 })
})

test('those of a server that died are counted until their leases run out', async () => {
  const scope = new Scope(systemClock)
  afterwards(() => scope.end())
  const dead = redisStore({
    client: await redis.client(),
    prefix: 'caps5:',
    leaseMs: 3_000,
    maxPerPrincipal: 2,
  })
  const host = { hold: { maxMessages: 1, maxBytes: 1 }, report: () => {}, wake: () => {}, release: () => {} }
  dead.open({ scope, ttlMs: 100, ...host })
  const kinds = []
  for (let n = 0; n < 3; n += 1) kinds.push((await dead.attach(newcomer())).kind)
  expect(kinds).toEqual(['created', 'created', 'full'])
  await vi.waitUntil(async () => (await dead.attach(newcomer())).kind === 'created', { timeout: 25_000 })
})

function newcomer(): AttachRequest {
  const { freshSid, freshToken, freshTokenHash } = makeFreshIds()
  return {
    hello: {
      kind: 'hello',
      v: [1],
      sid: null,
      tok: null,
      att: 1,
      rx: 0,
      ack: 0,
      max: 100,
      win: [1, 100],
      cid: 'c',
    },
    principal: 'ada',
    presentedHash: null,
    freshSid,
    freshTokenHash: freshTokenHash ?? hashOf(freshToken),
  }
}

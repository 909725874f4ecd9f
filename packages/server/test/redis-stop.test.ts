import { ManualClock } from '@holdfast/lifetime/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ServerSession, SessionReceipt } from '../src/sessions/index.ts'
import { move, node } from './redis-nodes.ts'
import { redisProcess } from './redis-process.ts'
import { afterwards, until } from './running.ts'
import { inState, joined } from './sessions-running.ts'
import { SlowRedisClient } from './slow-redis-client.ts'

const redis = redisProcess()
beforeAll(() => redis.start())
afterAll(() => redis.end())

/** A server whose Redis takes its time. */
async function slowNode(delayMs: number, options: Parameters<typeof node>[1] = {}) {
  const slow = new SlowRedisClient(await redis.client(), delayMs)
  return { slow, ...(await node(redis, { ...options, redis: { client: slow } })) }
}

/** Sends without end, to the end of the session. */
function chatter(session: ServerSession, everyMs: number): SessionReceipt[] {
  const receipts: SessionReceipt[] = []
  const timer = setInterval(() => receipts.push(session.send(`${receipts.length + 1}`)), everyMs)
  afterwards(() => clearInterval(timer))
  session.on('closed', () => clearInterval(timer))
  return receipts
}

const statuses = (receipts: readonly SessionReceipt[]) => new Set(receipts.map(({ status }) => status))

describe('a server that stops gives Redis all it has', () => {
  test('although its application never stops sending: nothing is uncertain', async () => {
    const [a, b] = [await slowNode(60, { leaveSpreadMs: 0 }), await node(redis)]
    const all = [await joined(a), await joined(a), await joined(a)]
    const receipts = all.map(({ session }) => chatter(session, 5))
    await until(() => all.every(({ client }) => client.received.length > 0))
    await a.server.stop({ deadlineMs: 20_000 })
    for (const { session } of all)
      expect(session.state).toEqual({ name: 'ended', cause: { kind: 'stopped' } })
    for (const sent of receipts) {
      // What the client had, what goes on elsewhere, and what was not taken any more, in this order.
      const order = ['acked', 'kept', 'rejected']
      const found = sent.map(({ status }) => order.indexOf(status))
      expect(found).not.toContain(-1)
      expect(found).toEqual([...found].sort((left, right) => left - right))
    }
    for (const [index, { client }] of all.entries()) {
      await move(client, b)
      const taken = receipts[index]?.filter(({ status }) => status !== 'rejected').length ?? 0
      await until(() => client.received.length >= taken)
      expect(client.received).toEqual(Array.from({ length: taken }, (_, at) => `${at + 1}`))
    }
  })

  test('before its clients are cut: one that does not answer its farewell loses nothing', async () => {
    const clock = new ManualClock()
    const a = await slowNode(40, { leaveSpreadMs: 0, server: { clock } })
    const { client, session } = await joined(a)
    const receipts = chatter(session, 5)
    await until(() => client.received.length > 0)
    client.socket?.pause()
    const stopped = a.server.stop({ deadlineMs: 5_000 })
    await clock.advance(1)
    expect((await session.closed).cause).toEqual({ kind: 'stopped' })
    await clock.advance(2_490)
    expect(a.server.counters.closed['stop-forced']).toBe(0)
    await clock.advance(20)
    await stopped
    expect(a.server.counters.closed['stop-forced']).toBe(1)
    for (const word of statuses(receipts)) expect(['acked', 'kept', 'rejected']).toContain(word)
  })

  test('also with no time at all', async () => {
    const clock = new ManualClock()
    const [a, b] = [await slowNode(30, { server: { clock } }), await node(redis)]
    const { client, session } = await joined(a)
    client.send('1')
    await until(() => a.inbox(session).length === 1)
    const receipts = chatter(session, 5)
    await until(() => client.received.length > 0)
    // Nothing is left of the deadline then, and of the time after it, which is for this, all.
    const stopped = a.server.stop({ deadlineMs: 0 })
    await clock.advance(1)
    await stopped
    for (const word of statuses(receipts)) expect(['acked', 'kept', 'rejected']).toContain(word)
    client.send('2')
    await move(client, b)
    await until(() => client.acked.length === 2)
    expect(b.inbox(b.opened[0])).toEqual(['2'])
  })

  test('as soon as a client has gone, so that the next server need not ask', async () => {
    const a = await slowNode(0, { leaveSpreadMs: 3_600_000 })
    const { client, session } = await joined(a)
    const stays = await joined(a)
    const stopped = a.server.stop({ deadlineMs: Number.POSITIVE_INFINITY })
    await client.cut()
    expect(await session.closed).toMatchObject({ cause: { kind: 'stopped' } })
    expect(stays.session.state.name).toBe('attached')
    // With a server that it would ask and that does not answer, it would take this long.
    const b = await node(redis, { redis: { handOverMs: 60_000 } })
    await until(() => a.slow.underWay === 0)
    a.slow.delayMs = 3_600_000
    const { outcome } = await move(client, b)
    expect(outcome.name).toBe('resumed')
    await stays.client.cut()
    a.slow.delayMs = 0
    await stays.session.closed
    await stopped
  })

  test('of a handler that is still at work, what it answers goes along', async () => {
    let finish = () => {}
    const a = await slowNode(20, {
      leaveSpreadMs: 0,
      ack: 'handled',
      handler: (session) =>
        void session.on('message', async () => {
          await new Promise<void>((resolve) => (finish = resolve))
          session.send('answer')
        }),
    })
    const b = await node(redis, { ack: 'handled' })
    const { client, session } = await joined(a)
    client.send('question')
    await until(() => a.inbox(session).length === 1)
    const stopped = a.server.stop({ deadlineMs: 60_000 })
    await inState(session, 'detached')
    await until(() => a.slow.underWay === 0)
    finish()
    await stopped
    await move(client, b)
    await until(() => client.received.length === 1 && client.acked.length === 1)
    expect(client.received).toEqual(['answer'])
    expect(b.inbox(b.opened[0])).toEqual([])
  })
})

describe('a server that has stopped', () => {
  test('asks nothing more of the client of Redis, and hears nothing', async () => {
    const own = redisProcess()
    await own.start()
    afterwards(() => own.end())
    const client = new SlowRedisClient(await own.client(), 50)
    const a = await node(own, { leaveSpreadMs: 0, redis: { client } })
    const b = await node(own)
    const gone = await joined(a)
    const receipts = chatter((await joined(a)).session, 5)
    await until(() => receipts.length > 3)
    // Another server asks for a session just then: the answer is on its way when all else is over.
    await gone.client.cut()
    const moved = move(gone.client, b)
    await a.server.stop({ deadlineMs: 20_000 })
    expect(client.underWay).toBe(0)
    const { commands } = client
    client.destroy()
    await moved
    const others = await own.client()
    const channels = async () => (await others.sendCommand(['PUBSUB', 'CHANNELS'])) as unknown[]
    await vi.waitUntil(async () => (await channels()).length === 1, { timeout: 25_000 })
    expect(client.commands).toBe(commands)
    expect([...a.errors, ...b.errors]).toEqual([])
  })

  test('and whose Redis does not answer, does not wait for it for ever', async () => {
    const own = redisProcess()
    await own.start()
    afterwards(() => own.end())
    const a = await node(own, { leaveSpreadMs: 0 })
    const { client, session } = await joined(a)
    own.pause()
    session.send('never kept')
    const stopped = a.server.stop({ deadlineMs: 300 })
    const { cause, handBack } = await session.closed
    await stopped
    expect(cause).toEqual({ kind: 'stopped' })
    expect(handBack.uncertain.length + handBack.undelivered.length).toBe(1)
    own.resume()
    client.end()
    expect(a.errors).toEqual([])
  })
})

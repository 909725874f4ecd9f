import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStore } from '../src/redis/index.ts'
import type { SessionsOptions } from '../src/sessions/index.ts'
import { redisProcess } from './redis-process.ts'
import { until } from './running.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'
import { SessionClient } from './session-client.ts'

const redis = redisProcess()
beforeAll(() => redis.start())
afterAll(() => redis.end())

/** A server of the fleet. */
async function node(options: SessionsOptions = {}) {
  const store = redisStore({ client: await redis.client(), leaseMs: 1_000 })
  return { store, ...(await sessionServer({ ...options, store })) }
}

/** The same client, at another server from now on. */
function at(client: SessionClient, url: string): SessionClient {
  client.url = url
  return client
}

describe('a session in Redis', () => {
  test('goes on at another server and loses nothing in either direction', async () => {
    const [a, b] = [await node(), await node()]
    const { client, session } = await joined(a)
    client.send('1')
    await until(() => a.inbox(session).length === 1)
    session.send('one')
    await until(() => client.received.length === 1)
    await client.cut()
    await inState(session, 'detached')
    const waiting = session.send('two')
    client.send('2')
    await at(client, b.url).connect()
    await until(() => client.received.length === 2 && client.acked.length === 2)
    expect(client.received).toEqual(['one', 'two'])
    expect(client.all('welcomed').at(-1)?.outcome.name).toBe('resumed')
    const [other] = b.opened
    expect(other?.id).toBe(session.id)
    expect(other?.received).toBe(2)
    expect(b.inbox(other)).toEqual(['2'])
    expect(await session.closed).toMatchObject({
      cause: { kind: 'moved' },
      handBack: { undelivered: [], uncertain: [] },
    })
    expect(await waiting.settled).toBe('kept')
    expect([...a.errors, ...b.errors]).toEqual([])
  })
})

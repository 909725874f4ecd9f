import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { move, node } from './redis-nodes.ts'
import { durable, redisProcess, type RedisProcess, snapshots } from './redis-process.ts'
import { until } from './running.ts'
import { joined } from './sessions-running.ts'

const processes: RedisProcess[] = []
afterEach(async () => {
  for (const process of processes.splice(0)) await process.end()
})

async function started(settings: readonly string[]): Promise<RedisProcess> {
  const redis = redisProcess(settings)
  processes.push(redis)
  await redis.start()
  return redis
}

async function save(redis: RedisProcess): Promise<void> {
  const client = await redis.client()
  await client.sendCommand(['SAVE'])
}

const range = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`)

describe('a restart of Redis', () => {
  test('ends every session, and each client is told, although its data came back', async () => {
    const redis = await started(snapshots)
    const [a, b] = [await node(redis), await node(redis)]
    const [here, away] = [await joined(a), await joined(a)]
    await away.client.cut()
    here.client.send('1')
    here.session.send('one')
    await until(() => here.client.acked.length === 1 && here.client.received.length === 1)
    await save(redis)
    await redis.stop()
    const sent = here.session.send('two')
    await redis.start()
    expect((await here.session.closed).cause).toEqual({ kind: 'lost', reason: 'unknown' })
    expect(await sent.settled).toBe('uncertain')
    await until(() => here.client.closes.length === 1)
    for (const { client } of [here, away]) {
      const { outcome } = await move(client, b)
      expect(outcome).toMatchObject({ name: 'gap', reason: 'unknown' })
    }
    expect(here.client.received).toEqual(['one'])
  })

  test('with an older snapshot is a gap, and never a wrong sequence', async () => {
    const redis = await started(snapshots)
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    for (const text of range(10)) client.send(text)
    for (const text of range(10)) session.send(text)
    await until(() => client.acked.length === 10 && client.received.length === 10)
    await save(redis)
    copyFileSync(join(redis.folder, 'dump.rdb'), join(redis.folder, 'older.rdb'))
    for (const text of range(10)) session.send(`later ${text}`)
    await until(() => client.received.length === 20)
    await client.cut()
    // Nobody who could know better is left.
    await a.server.stop({ deadlineMs: 0 })
    await redis.stop()
    copyFileSync(join(redis.folder, 'older.rdb'), join(redis.folder, 'dump.rdb'))
    await redis.start()
    const { outcome } = await move(client, b)
    expect(outcome).toMatchObject({ name: 'gap', reason: 'unknown' })
  })

  test('is no end when Redis is durable: nothing is lost, repeated or reordered', async () => {
    const redis = await started(durable)
    const own = { redis: { durable: true } }
    const [a, b] = [await node(redis, own), await node(redis, own)]
    const { client, session } = await joined(a)
    const count = 300
    for (const [index, text] of range(count).entries()) {
      client.send(text)
      session.send(`down ${text}`)
      if (index % 100 === 50) {
        await redis.stop()
        client.send(`without ${index}`)
        await redis.start()
      }
      if (index % 10 === 0) await new Promise(setImmediate)
    }
    await until(() => client.received.length === count && client.acked.length === count + 3)
    expect(client.received).toEqual(range(count).map((text) => `down ${text}`))
    expect(a.inbox(session)).toHaveLength(count + 3)
    expect(client.closes).toEqual([])
    await client.cut()
    await redis.stop()
    session.send('while Redis is away')
    await redis.start()
    const { outcome } = await move(client, b)
    await until(() => client.received.length === count + 1)
    expect(outcome.name).toBe('resumed')
    expect(client.received.at(-1)).toBe('while Redis is away')
  })

  test('that was promised to forget nothing, and did, is noticed by a server that knows more', async () => {
    const redis = await started(snapshots)
    const a = await node(redis, { redis: { durable: true } })
    const { client, session } = await joined(a)
    session.send('one')
    await until(() => client.received.length === 1)
    await save(redis)
    session.send('two')
    await until(() => client.received.length === 2)
    await redis.stop()
    await redis.start()
    expect((await session.closed).cause).toEqual({ kind: 'lost', reason: 'unknown' })
    await until(() => client.errors.length === 1)
    expect(client.errors[0]).toMatchObject({ end: true, lost: 'unknown' })
  })
})

describe('a Redis that does not answer', () => {
  test('keeps what is sent waiting, and lets it out in order', async () => {
    const redis = await started(durable)
    const a = await node(redis)
    const { client, session } = await joined(a)
    redis.pause()
    for (const text of range(20)) session.send(text)
    for (const text of range(20)) client.send(text)
    await until(() => a.inbox(session).length === 20)
    expect(client.received).toEqual([])
    expect(client.acked).toEqual([])
    redis.resume()
    await until(() => client.received.length === 20 && client.acked.length === 20)
    expect(client.received).toEqual(range(20))
  })
})

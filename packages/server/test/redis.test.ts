import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SharedStore } from '../src/sessions/shared-store.ts'
import { move, node } from './redis-nodes.ts'
import { redisProcess } from './redis-process.ts'
import { until } from './running.ts'
import { rawClient, type SessionClient } from './session-client.ts'
import { inState, joined } from './sessions-running.ts'

const redis = redisProcess()
beforeAll(() => redis.start())
afterAll(() => redis.end())

const range = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`)

describe('a session in Redis', () => {
  test('goes on at another server and loses nothing in either direction', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    client.send('1')
    await until(() => a.inbox(session).length === 1)
    session.send('one')
    await until(() => client.received.length === 1)
    await client.cut()
    await inState(session, 'detached')
    const waiting = session.send('two')
    client.send('2')
    const welcomed = await move(client, b)
    await until(() => client.received.length === 2 && client.acked.length === 2)
    expect(client.received).toEqual(['one', 'two'])
    expect(welcomed.outcome.name).toBe('resumed')
    const [other] = b.opened
    expect(other?.id).toBe(session.id)
    expect(other?.received).toBe(2)
    expect(b.inbox(other)).toEqual(['2'])
    expect(await session.closed).toEqual({
      cause: { kind: 'moved' },
      handBack: { undelivered: [], uncertain: [] },
    })
    expect(await waiting.settled).toBe('kept')
    expect([...a.errors, ...b.errors]).toEqual([])
  })

  test('brings what it holds along, and that counts there until the client has it', async () => {
    const [a, b] = [await node(redis), await node(redis, { maxTotalHeldBytes: 10 })]
    const { client, session } = await joined(a)
    await client.cut()
    await inState(session, 'detached')
    session.send('12345678')
    client.core.buffered(0)
    // It takes nothing from its socket, so it acknowledges nothing.
    await client.cut()
    client.url = b.url
    const socket = await client.open()
    socket.pause()
    await until(() => b.opened.length === 1)
    expect(a.live.stats?.heldBytes).toBe(0)
    expect(b.live.stats?.heldBytes).toBe(8)
    expect(b.opened[0]?.send('123').status).toBe('rejected')
    socket.resume()
    await until(() => b.live.stats?.heldBytes === 0)
    expect(b.opened[0]?.send('123').status).not.toBe('rejected')
    await until(() => client.received.length === 2)
    expect(client.received).toEqual(['12345678', '123'])
  })

  test('moves to and fro under load: each message once, in order', async () => {
    const numbered: [number, string][][] = [[], []]
    const nodes = await Promise.all(
      numbered.map((list) =>
        node(redis, {
          handler: (session) =>
            void session.on('message', (message) => list.push([session.received, String(message)])),
        }),
      ),
    )
    const [a] = nodes
    if (a === undefined) return
    const { client } = await joined(a)
    const count = 400
    for (const [index, text] of range(count).entries()) {
      const holder = nodes[Math.floor(index / 40) % 2]
      // What is sent and not yet acknowledged goes along.
      if (index > 0 && index % 40 === 0 && holder !== undefined) {
        await move(client, holder)
        await until(() => holder.opened.at(-1)?.state.name === 'attached')
      }
      client.send(text)
      holder?.opened.at(-1)?.send(`down ${text}`)
    }
    await until(() => client.received.length === count && client.acked.length === count)
    expect(client.received).toEqual(range(count).map((text) => `down ${text}`))
    const all = numbered.flat().sort(([left], [right]) => left - right)
    expect(all).toEqual(range(count).map((text) => [Number(text), text]))
    expect(client.all('welcomed').every(({ outcome }) => outcome.name !== 'gap')).toBe(true)
  })

  test('goes on at the same server, as the same object', async () => {
    const a = await node(redis)
    const { client, session } = await joined(a)
    client.send('1')
    await move(client, a)
    client.send('2')
    session.send('back')
    await until(() => client.received.length === 1 && client.acked.length === 2)
    expect(a.opened).toEqual([session])
    expect(a.inbox(session)).toEqual(['1', '2'])
  })

  test('keeps binary messages as they are', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await client.cut()
    session.send(bytes)
    session.send('\u0010text \u{1F600}')
    session.send(new Uint8Array(0))
    session.send('')
    await move(client, b)
    await until(() => client.received.length === 4)
    expect(client.received.map((payload) => (typeof payload === 'string' ? payload : [...payload]))).toEqual([
      [...bytes],
      '\u0010text \u{1F600}',
      [],
      '',
    ])
  })

  test('a copy of the client that comes in elsewhere takes over, and the first one is told', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    // No cut: the first connection is alive and well.
    const { socket } = client
    client.url = b.url
    await client.connect()
    await session.closed
    await until(() => socket?.readyState === socket?.CLOSED)
    expect(client.closes).toContain(4409)
    expect(session.state).toMatchObject({ cause: { kind: 'moved' } })
  })

  test('what a handler has not handled when the client moves is given to the other server again', async () => {
    const slow = () => new Promise<void>(() => {})
    const a = await node(redis, {
      redis: { handOverMs: 100 },
      ack: 'handled',
      handler: (session) => void session.on('message', (message) => (message === '2' ? slow() : undefined)),
    })
    const b = await node(redis, { redis: { handOverMs: 100 }, ack: 'handled' })
    const { client, session } = await joined(a)
    for (const text of ['1', '2', '3']) client.send(text)
    await until(() => a.inbox(session).length === 3)
    await move(client, b)
    await until(() => client.acked.length === 3)
    expect(b.inbox(b.opened[0])).toEqual(['2', '3'])
    expect(client.acked).toEqual(['1', '2', '3'])
  })

  test('that its application closes is over everywhere, with its counts', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    client.send('1')
    await until(() => a.inbox(session).length === 1)
    await client.cut()
    await inState(session, 'detached')
    client.send('2')
    const sent = session.send('for nobody')
    const end = await session.close()
    expect(end).toMatchObject({ cause: { kind: 'closed' }, handBack: { undelivered: [{}] } })
    expect(await sent.settled).toBe('undelivered')
    const { outcome } = await move(client, b)
    expect(outcome).toMatchObject({ name: 'gap', reason: 'ended' })
    expect(b.opened.map(({ id }) => id)).not.toContain(session.id)
  })

  test('expires without a server that could say so, and the client is told', async () => {
    const [a, b] = [await node(redis, { ttlMs: 300 }), await node(redis, { ttlMs: 300 })]
    const { client, session } = await joined(a)
    await client.cut()
    expect(await session.closed).toMatchObject({ cause: { kind: 'lost', reason: 'expired' } })
    const { outcome } = await move(client, b)
    expect(outcome).toMatchObject({ name: 'gap', reason: 'expired' })
  })

  test('is left to Redis by a server that stops, and nothing is lost', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    client.send('1')
    await until(() => a.inbox(session).length === 1)
    const sent = session.send('one')
    await a.server.stop({ deadlineMs: 20_000 })
    expect(await session.closed).toMatchObject({ cause: { kind: 'stopped' } })
    expect(['kept', 'acked']).toContain(await sent.settled)
    client.send('2')
    const { outcome } = await move(client, b)
    await until(() => client.acked.length === 2 && client.received.length === 1)
    expect(outcome.name).toBe('resumed')
    expect(b.inbox(b.opened[0])).toEqual(['2'])
  })
})

describe('a post', () => {
  test('reaches a client wherever it is, once and in order', async () => {
    const [a, b, c] = [await node(redis), await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    expect(await b.store.post(session.address, 'one')).toBe('posted')
    await until(() => client.received.length === 1)
    await client.cut()
    await inState(session, 'detached')
    expect(await b.store.post(session.address, Uint8Array.of(2))).toBe('posted')
    await a.server.stop({ deadlineMs: 0 })
    expect(await b.store.post(session.address, 'three')).toBe('posted')
    await move(client, c)
    await until(() => client.received.length === 3)
    expect(client.received.map((payload) => (typeof payload === 'string' ? payload : [...payload]))).toEqual([
      'one',
      [2],
      'three',
    ])
  })

  test('is no post any more in the step in which it is a message, so that a server that dies leaves one of the two', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client, session } = await joined(a)
    const keep = vi.spyOn(a.store as unknown as SharedStore, 'keep')
    expect(await b.store.post(session.address, 'one')).toBe('posted')
    await until(() => client.received.length === 1)
    const batches = keep.mock.calls.map(([batch]) => ({
      messages: batch.entries.length,
      posts: batch.taken.length,
    }))
    expect(batches.filter(({ messages }) => messages > 0)).toEqual([{ messages: 1, posts: 1 }])
  })

  test('says why it cannot be', async () => {
    const [a, b] = [await node(redis), await node(redis, { maxHeldMessages: 2 })]
    const { client, session } = await joined(a)
    expect(await b.store.post('nobody', 'x')).toBe('unknown')
    expect(await b.store.post(session.address, 'x'.repeat(2_000_000))).toBe('too-large')
    await client.cut()
    await a.server.stop({ deadlineMs: 0 })
    const answers = [1, 2, 3].map((number) => b.store.post(session.address, `${number}`))
    expect(await Promise.all(answers)).toEqual(['posted', 'posted', 'overflow'])
  })
})

describe('who may continue a session in Redis', () => {
  const authenticate = ({ auth }: { readonly auth: unknown }) => ({ principal: String(auth) })

  test('is not another principal, and the session goes on', async () => {
    const [a, b] = [await node(redis, { authenticate }), await node(redis, { authenticate })]
    const { client, session } = await joined(a, 'ada')
    const { outcome } = await move(client, b, 'eve')
    expect(outcome).toMatchObject({ name: 'gap', reason: 'principal' })
    expect(session.state.name).toBe('detached')
    expect(b.server.sessionStats?.alarms).toEqual({ token: 0, principal: 1 })
  })

  test('is not who replays a token that was replaced', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client } = await joined(a)
    await move(client, b)
    client.send('confirms')
    await until(() => client.acked.length === 1)
    // A later attempt, so that it is not merely a stale one.
    const replayed = hellosOf(client)[1]?.replace(/"att":\d+/, '"att":1000') ?? ''
    expect(await ask(a.url, replayed)).toMatchObject({ kind: 'welcome', res: false, lost: 'token' })
    client.send('still here')
    await until(() => client.acked.length === 2)
    expect(a.server.sessionStats?.alarms.token).toBe(1)
  })

  test('is who got no answer twice, with the token that it has', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client } = await joined(a)
    await move(client, b)
    const hello = hellosOf(client)[1] ?? ''
    for (const [index, url] of [a.url, b.url, a.url].entries()) {
      const again = hello
        .replace(/"att":\d+/, `"att":${index + 10}`)
        .replace(/"tok":"[^"]+"/, tokenOf(client))
      expect(await ask(url, again)).toMatchObject({ kind: 'welcome', res: true })
    }
  })

  test('is not a late attempt of the client itself', async () => {
    const [a, b] = [await node(redis), await node(redis)]
    const { client } = await joined(a)
    await move(client, b)
    expect(await ask(a.url, hellosOf(client)[1] ?? '')).toMatchObject({ kind: 'error', code: 4412 })
    expect(b.opened[0]?.state.name).toBe('attached')
  })
})

const hellosOf = (client: SessionClient) =>
  client
    .all('send')
    .flatMap(({ data }) => (typeof data === 'string' && data.startsWith('\u0010H') ? [data] : []))

/** The token of the last WELCOME, as it stands in a HELLO. */
const tokenOf = (client: SessionClient) =>
  client.frames.flatMap((frame) => /"tok":"[^"]+"/.exec(String(frame)) ?? []).at(-1) ?? ''

/** Says HELLO by hand and returns the answer. */
async function ask(url: string, hello: string) {
  const { socket, controls } = await rawClient(url)
  socket.send(hello)
  await until(() => controls().length > 0)
  socket.terminate()
  return controls()[0]
}

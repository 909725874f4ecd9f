import { encodeControl } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import type { Authenticate } from '../src/sessions/index.ts'
import { until } from './running.ts'
import { joined, sessionServer } from './sessions-running.ts'

test('authenticate gets what the client sent and the request, and its principal owns the session', async () => {
  const attempts: unknown[] = []
  const at = await sessionServer({
    authenticate({ auth, request, purpose }) {
      attempts.push([auth, request.headers.cookie, purpose])
      return { principal: 'ada' }
    },
  })
  const client = at.client()
  await client.connect({ ticket: 7 }, { Cookie: 'a=b' })
  await until(() => at.opened.length === 1)
  expect(attempts).toEqual([[{ ticket: 7 }, 'a=b', 'hello']])
  expect(at.opened[0]?.principal).toBe('ada')
})

test.each([
  ['null', () => null, { code: 4401 }],
  ['a code', () => ({ code: 4403, message: 'banned' }) as const, { code: 4403, msg: 'banned' }],
  ['a code with a delay', () => ({ code: 4429, retryAfterMs: 1_500 }) as const, { code: 4429, retry: 1_500 }],
  ['a promise of null', async () => null, { code: 4401 }],
])('%s keeps a client out', async (_name, authenticate, error) => {
  const at = await sessionServer({ authenticate })
  const client = at.client()
  await client.open()
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([error.code])
  expect(client.errors).toMatchObject([error])
  expect(at.live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: 0, closing: 0 })
  expect(at.errors).toEqual([])
})

test.each([
  ['throws', () => Promise.reject(new Error('database'))],
  ['answers nonsense', () => 'yes' as never],
  ['answers an empty principal', () => ({ principal: '' })],
  ['answers a bad duration', () => ({ principal: 'a', expiresMs: Number.NaN })],
  ['answers another code', () => ({ code: 4000 }) as never],
] satisfies [string, Authenticate][])('a hook that %s lets nobody in', async (_name, authenticate) => {
  const at = await sessionServer({ authenticate }, { retryAfterMs: 3_000 })
  const client = at.client()
  await client.open()
  await until(() => client.closes.length === 1)
  expect(client.errors).toMatchObject([{ code: 4500, retry: 3_000 }])
  expect(at.errors).toHaveLength(1)
  expect(JSON.stringify(client.frames)).not.toContain('database')
})

test('a hook that is late lets nobody in, and its signal aborts', async () => {
  const signals: AbortSignal[] = []
  const at = await sessionServer({
    authenticateTimeoutMs: 50,
    authenticate({ signal }) {
      signals.push(signal)
      return new Promise(() => {})
    },
  })
  const client = at.client()
  await client.open()
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4500])
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  expect(at.errors).toMatchObject([{ code: 'authenticate-timeout' }])
})

test('an answer for a connection that is gone makes no session, and its signal aborted', async () => {
  let answer: (identity: { principal: string }) => void = () => {}
  const signals: AbortSignal[] = []
  const at = await sessionServer({
    authenticate({ signal }) {
      signals.push(signal)
      return new Promise((resolve) => (answer = resolve))
    },
  })
  const client = at.client()
  await client.open()
  await until(() => signals.length === 1)
  await client.cut()
  await until(() => signals[0]?.aborted === true)
  answer({ principal: 'late' })
  await until(() => at.server.connections.size === 0)
  expect(at.live.stats?.states).toEqual({ unconfirmed: 0, attached: 0, detached: 0, closing: 0 })
  expect(at.errors).toEqual([])
})

test('credentials that are refreshed in time keep the connection', async () => {
  const at = await sessionServer({
    authenticate: ({ auth, purpose }) => ({
      principal: 'ada',
      expiresMs: purpose === 'refresh' && auth === 'new' ? 60_000 : 30_000,
    }),
  })
  const client = at.client()
  const { welcome } = await client.connect('old')
  expect(welcome).toMatchObject({ exp: 30_000, ext: ['auth'] })
  client.core.refresh('new')
  client.run()
  await until(() => client.all('credentials').length === 1)
  expect(client.all('credentials')).toMatchObject([{ expiresMs: 60_000 }])
  expect(client.closes).toEqual([])
})

test('credentials that run out close the connection with 4401, and the session can be resumed', async () => {
  let expiresMs = 100
  const at = await sessionServer({ authenticate: () => ({ principal: 'ada', expiresMs }) })
  const { client, session } = await joined(at)
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4401])
  expect(session.state.name).toBe('detached')
  expiresMs = 60_000
  expect((await client.connect()).outcome.name).toBe('resumed')
})

test('refreshing with the credentials of somebody else is 4403, and the session stays', async () => {
  const at = await sessionServer({ authenticate: ({ auth }) => ({ principal: String(auth) }) })
  const { client, session } = await joined(at, 'ada')
  client.core.refresh('eve')
  client.run()
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4403])
  expect(session.state.name).toBe('detached')
  expect((await client.connect('ada')).outcome.name).toBe('resumed')
})

test('of many refreshes one is asked about at a time, and of those that wait the newest', async () => {
  const asked: unknown[] = []
  let answer: (identity: { principal: string }) => void = () => {}
  const at = await sessionServer({
    authenticate({ auth, purpose }) {
      asked.push(auth)
      return purpose === 'hello' ? { principal: 'ada' } : new Promise((resolve) => (answer = resolve))
    },
  })
  const { client } = await joined(at, 'first')
  for (const auth of ['a', 'b', 'c', 'd']) client.raw(encodeControl({ kind: 'refresh', auth }))
  client.core.ping(1)
  client.run()
  await until(() => client.all('pong').length === 1)
  expect(asked).toEqual(['first', 'a'])
  answer({ principal: 'ada' })
  await until(() => asked.length === 3)
  expect(asked).toEqual(['first', 'a', 'd'])
  answer({ principal: 'ada' })
})

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { readMisbehaviour } from '../src/index.ts'
import { ask, askUpgrade, dial, dialing, next, running, tcp, upgradeText, until } from './running.ts'

const misbehaving = { allowMisbehaviour: true, pingIntervalMs: Number.POSITIVE_INFINITY }

describe('the query is read', () => {
  test.each([
    ['/', {}],
    ['/?', {}],
    ['/?refuse=503&retryAfter=2', { refuse: 503, retryAfter: '2' }],
    ['/?refuse=429&retryAfter=-1e9', { refuse: 429, retryAfter: '-1e9' }],
    [
      '/x?acceptThenClose=1013&reason=too%20much&afterMs=0',
      { acceptThenClose: 1013, reason: 'too much', afterMs: 0 },
    ],
    ['/?acceptThenClose=1005', { acceptThenClose: 1005 }],
    ['/?answer=never', { answer: 'never' }],
    ['/?greet=&sendEvery=1&noEcho=1', { greet: '', sendEvery: 1, noEcho: 1 }],
    ['/?sayGoodbyeAfterMs=5&code=4000', { sayGoodbyeAfterMs: 5, code: 4_000 }],
  ])('%s', (url, expected) => {
    expect(readMisbehaviour(url)).toEqual(expected)
  })
})

describe('a bad query is refused, naming it', () => {
  test.each([
    ['token=canary', 'query: token is unknown; known are refuse, retryAfter,'],
    ['__proto__=1', 'query: __proto__ is unknown'],
    ['constructor=1', 'query: constructor is unknown'],
    ['%0d%0aX=1', 'query: \\u{d}\\u{a}X is unknown'],
    ['refuse=200', 'refuse: must be an integer from 400 to 599, received 200'],
    ['refuse=', "refuse: must be an integer from 400 to 599, received ''"],
    ['refuse=4e2', "refuse: must be an integer from 400 to 599, received '4e2'"],
    ['refuse=503&refuse=503', 'refuse: must be given once'],
    ['refuse=503&greet=x', 'refuse: must not be given together with greet'],
    ['retryAfter=2', 'retryAfter: must be given together with refuse'],
    ['refuse=503&retryAfter=%0d%0aX:1', 'retryAfter: must be 1 to 64 printable ASCII characters'],
    ['answer=maybe', "answer: must be never, received 'maybe'"],
    ['resetAfterUpgrade=yes', "resetAfterUpgrade: must be 1, received 'yes'"],
    ['mute=0', "mute: must be 1, received '0'"],
    ['mute=1&sendEvery=5', 'mute: must not be given together with sendEvery'],
    ['acceptThenClose=1006', 'acceptThenClose: must be 1000 to 1003'],
    ['acceptThenClose=99', 'acceptThenClose: must be an integer from 1000 to 4999'],
    [`acceptThenClose=1000&reason=${'x'.repeat(124)}`, 'reason: must have at most 123 bytes, received 124'],
    ['reason=x', 'reason: must be given together with acceptThenClose'],
    ['acceptThenClose=1000&afterMs=-1', "afterMs: must be an integer from 0 to 86400000, received '-1'"],
    ['oversize=0', 'oversize: must be an integer from 1 to 67108864, received 0'],
    ['garbage=true', "garbage: must be 1, received 'true'"],
    ['sendEvery=0', 'sendEvery: must be an integer from 1 to 86400000, received 0'],
    ['noEcho=2', "noEcho: must be 1, received '2'"],
    ['sayGoodbyeAfterMs=x', "sayGoodbyeAfterMs: must be an integer from 0 to 86400000, received 'x'"],
    ['code=1000', 'code: must be given together with sayGoodbyeAfterMs'],
  ])('%s', (query, message) => {
    expect(() => readMisbehaviour(`/?${query}`)).toThrow(message)
  })
})

test('a bad query gets 400 with the name, never with the value of an unknown one', async () => {
  const { server, url } = await running(misbehaving)
  const answer = await askUpgrade(`${url}?token=canary`)
  expect(answer).toMatchObject({ status: 400 })
  expect(answer.body).toMatch(/^query: token is unknown/)
  expect(answer.body).not.toContain('canary')
  expect(server.counters.refused['bad-misbehaviour']).toBe(1)
})

test('without the flag the query is ignored', async () => {
  const { url } = await running()
  const { socket } = await dial(`${url}?refuse=503&nonsense=1`)
  socket.send('hello')
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('hello')
  expect(await ask(`${url}stats`)).toMatchObject({ status: 426 })
})

test('refuse answers with the status and Retry-After', async () => {
  const { server, url } = await running(misbehaving)
  expect(await askUpgrade(`${url}?refuse=503&retryAfter=2`)).toMatchObject({
    status: 503,
    headers: { 'retry-after': '2' },
  })
  expect(await askUpgrade(`${url}?refuse=418`)).toMatchObject({ status: 418 })
  expect(server.counters.refused.misbehaviour).toBe(2)
})

test('answer=never holds the upgrade open until the client goes or the server stops', async () => {
  const { server, port } = await running(misbehaving)
  const first = await tcp(port)
  first.socket.write(upgradeText('/?answer=never'))
  await until(() => server.resources.sockets === 1)
  first.socket.destroy()
  await until(() => server.resources.sockets === 0)
  const second = await tcp(port)
  second.socket.write(upgradeText('/?answer=never'))
  await until(() => server.resources.sockets === 1)
  await server.stop({ deadlineMs: 60_000 })
  await second.ended
  expect(first.text() + second.text()).toBe('')
})

test('acceptThenClose closes with code and reason, at once or after a while', async () => {
  const { server, url } = await running(misbehaving)
  const soon = await dial(`${url}?acceptThenClose=1013&reason=try%20later`)
  expect(await soon.closed).toEqual({ code: 1013, reason: 'try later' })
  const later = await dial(`${url}?acceptThenClose=4001&afterMs=30`)
  later.socket.send('hello')
  await once(later.socket, 'message')
  expect(await later.closed).toEqual({ code: 4_001, reason: '' })
  const bare = await dial(`${url}?acceptThenClose=1005`)
  expect(await bare.closed).toEqual({ code: 1005, reason: '' })
  await until(() => server.counters.closed.misbehaviour === 3)
})

test('mute accepts and then sends nothing, no pong and no close frame', async () => {
  const { server, url } = await running(misbehaving)
  const { socket, received } = await dial(`${url}?mute=1`, {}, ['v1'])
  expect(socket.protocol).toBe('v1')
  const pong = vi.fn()
  socket.on('pong', pong)
  let bytes = 0
  const raw = (socket as unknown as { _socket: NodeJS.ReadableStream })._socket
  raw.on('data', (data: Buffer) => {
    bytes += data.length
  })
  socket.ping()
  socket.send('hello')
  socket.close(1000)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(socket.readyState).toBe(socket.CLOSING)
  expect({ received, pongs: pong.mock.calls.length, bytes }).toEqual({ received: [], pongs: 0, bytes: 0 })
  expect(JSON.parse((await ask(`${url}stats`)).body)).toMatchObject({ connections: 1 })
  socket.terminate()
  await until(() => server.resources.sockets === 0)
  expect(JSON.parse((await ask(`${url}stats`)).body)).toMatchObject({ connections: 0 })
})

test('a mute connection does not hold up stop', async () => {
  const { server, url } = await running(misbehaving)
  const { closed } = await dial(`${url}?mute=1`)
  await server.stop({ deadlineMs: 60_000 })
  expect(await closed).toMatchObject({ code: 1006 })
  expect(server.counters.closed.misbehaviour).toBe(1)
})

test('oversize sends one message of that size', async () => {
  const { url } = await running(misbehaving)
  const { socket, received } = await dial(`${url}?oversize=70000`)
  if (received.length === 0) await once(socket, 'message')
  expect(received.map((data) => data.length)).toEqual([70_000])
  const small = dialing(`${url}?oversize=70000`, { maxPayload: 1_000 })
  expect(await small.closed).toMatchObject({ code: 1006 })
  expect(small.errors[0]).toMatchObject({ code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' })
})

test('garbage makes the client fail the connection', async () => {
  const { server, url } = await running(misbehaving)
  const { closed, errors } = dialing(`${url}?garbage=1`)
  await closed
  expect(errors[0]).toMatchObject({ code: expect.stringMatching(/^WS_ERR_/) })
  await until(() => server.connections.size === 0)
})

test('resetAfterUpgrade answers 101 and then resets', async () => {
  const { server, port } = await running(misbehaving)
  const { socket, text, ended } = await tcp(port)
  const failure = new Promise<NodeJS.ErrnoException>((resolve) => {
    socket.on('error', resolve)
  })
  socket.write(upgradeText('/?resetAfterUpgrade=1'))
  expect((await failure).code).toBe('ECONNRESET')
  await ended
  expect(text()).toMatch(/^HTTP\/1.1 101 /)
  await until(() => server.counters.closed.misbehaviour === 1)
})

test('resetAfterUpgrade cuts a TLS connection', async () => {
  const fixture = (name: string) => readFileSync(new URL(`fixtures/test-only-${name}.pem`, import.meta.url))
  const { url } = await running({ ...misbehaving, tls: { cert: fixture('cert'), key: fixture('key') } })
  const { closed } = dialing(`${url}?resetAfterUpgrade=1`, { ca: fixture('cert') })
  expect(await closed).toMatchObject({ code: 1006 })
})

test('greet and sendEvery send, and noEcho does not answer', async () => {
  const { url } = await running(misbehaving)
  const { socket, received } = await dial(`${url}?greet=w%C3%AFlkommen&sendEvery=5&noEcho=1`)
  socket.send('hello')
  while (received.length < 4) await once(socket, 'message')
  expect(received.slice(0, 4)).toEqual(['wïlkommen', 'tick 1', 'tick 2', 'tick 3'])
  expect(received).not.toContain('hello')
})

test('sendEvery alone still echoes', async () => {
  const { url } = await running(misbehaving)
  const { socket, received } = await dial(`${url}?sendEvery=3600000`)
  socket.send('hello')
  await once(socket, 'message')
  expect(received).toEqual(['hello'])
})

test('sayGoodbyeAfterMs closes with 1001 or the code asked for', async () => {
  const { server, url } = await running(misbehaving)
  const ending = next(server, 'closed')
  expect(await (await dial(`${url}?sayGoodbyeAfterMs=10`)).closed).toMatchObject({ code: 1001 })
  expect(await ending).toMatchObject({ cause: 'misbehaviour' })
  expect(await (await dial(`${url}?sayGoodbyeAfterMs=0&code=1012`)).closed).toMatchObject({ code: 1012 })
})

test('the door stays guarded: an origin that is not allowed gets no misbehaviour', async () => {
  const { url } = await running(misbehaving)
  expect(await askUpgrade(`${url}?refuse=418`, { Origin: 'https://evil.example' })).toMatchObject({
    status: 403,
  })
})

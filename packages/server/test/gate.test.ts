import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { addressGroup, ConnectionCaps } from '../src/connection-caps.ts'
import type { ConnectionRequest, VerifyRefusal } from '../src/index.ts'
import { askUpgrade, dial, dialing, next, running, tcp, upgradeText, until } from './running.ts'
import { rawClient } from './session-client.ts'
import { sessionServer } from './sessions-running.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/test-only-${name}.pem`, import.meta.url))

test.each([
  [400, 'key', { 'Sec-WebSocket-Key': 'short' }],
  [400, 'key', { 'Sec-WebSocket-Key': undefined }],
  [426, 'version', { 'Sec-WebSocket-Version': '8' }],
  [426, 'version', { 'Sec-WebSocket-Version': undefined }],
  [426, 'upgrade', { Upgrade: 'h2c' }],
  [400, 'subprotocol', { 'Sec-WebSocket-Protocol': 'a, a' }],
  [400, 'subprotocol', { 'Sec-WebSocket-Protocol': 'a b' }],
  [400, 'subprotocol', { 'Sec-WebSocket-Protocol': '' }],
])('an upgrade gets %i for a bad %s: %j', async (status, _what, headers) => {
  const { server, url } = await running()
  const refused = next(server, 'refused')
  expect(await askUpgrade(url, headers)).toMatchObject({ status })
  expect(await refused).toMatchObject({ reason: 'bad-request', status })
})

test('an upgrade by POST gets 405', async () => {
  const { url } = await running()
  expect(await askUpgrade(url, {}, 'POST')).toMatchObject({ status: 405 })
})

test('an upgrade of another path gets 404', async () => {
  const { server, url } = await running({ path: '/live' })
  expect(await askUpgrade(url.replace('/live', '/other'))).toMatchObject({ status: 404 })
  expect(await askUpgrade(`${url}/`)).toMatchObject({ status: 404 })
  expect(await askUpgrade(`${url}?x=1`)).toMatchObject({ status: 101 })
  expect(server.counters.refused.path).toBe(2)
})

test('what is no HTTP gets 400', async () => {
  const { server, port } = await running()
  const { socket, text, ended } = await tcp(port)
  socket.write('hello\r\n\r\n')
  await ended
  expect(text()).toMatch(/^HTTP\/1.1 400 /)
  expect(server.counters.refused['bad-request']).toBe(1)
})

test('a request head that is too long gets 431', async () => {
  const { port } = await running()
  const { socket, text, ended } = await tcp(port)
  socket.write(upgradeText('/', [`X-Long: ${'x'.repeat(20_000)}`]))
  await ended
  expect(text()).toMatch(/^HTTP\/1.1 431 /)
})

test('a head that comes too slowly gets 408, and so does one that never begins', async () => {
  const { server, port } = await running({ handshakeTimeoutMs: 300 })
  const begun = await tcp(port)
  begun.socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
  const silent = await tcp(port)
  await Promise.all([begun.ended, silent.ended])
  expect(begun.text()).toMatch(/^HTTP\/1.1 408 /)
  expect(server.counters.refused['slow-request']).toBe(2)
})

test('many half handshakes do not keep a good client out', async () => {
  const { url, port } = await running({ handshakeTimeoutMs: 2_000 })
  const halves = await Promise.all(Array.from({ length: 200 }, () => tcp(port)))
  for (const { socket } of halves) socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
  await dial(url)
  await Promise.all(halves.map(({ ended }) => ended))
})

test('the cap in total answers 503 with Retry-After and frees a place at the end of a connection', async () => {
  const { server, url } = await running({ maxConnections: 1, retryAfterMs: 1_500 })
  const { socket } = await dial(url)
  expect(await askUpgrade(url)).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
  const ending = next(server, 'closed')
  socket.close()
  await ending
  await dial(url)
  expect(server.counters).toMatchObject({ opened: 2, refused: { 'too-many': 1 } })
})

test('the cap per address answers 429 with Retry-After', async () => {
  const { server, url } = await running({ maxConnectionsPerAddress: 1 })
  await dial(url)
  expect(await askUpgrade(url)).toMatchObject({ status: 429, headers: { 'retry-after': '5' } })
  expect(server.counters.refused['too-many-per-address']).toBe(1)
})

test('clients of sessions are counted before their upgrade, whether they have said who they are or not', async () => {
  const asked: unknown[] = []
  const { server, url, opened } = await sessionServer(
    { authenticate: (attempt) => ({ principal: `${asked.push(attempt)}` }) },
    { maxConnectionsPerAddress: 2 },
  )
  await rawClient(url)
  await rawClient(url)
  const headers = { 'Sec-WebSocket-Protocol': 'holdfast.v1' }
  expect(await askUpgrade(url, headers)).toMatchObject({ status: 429 })
  expect(server.counters).toMatchObject({ opened: 2, refused: { 'too-many-per-address': 1 } })
  expect([asked, opened]).toEqual([[], []])
})

test.each([
  ['plain sockets', {}],
  ['TLS handshakes', { tls: { cert: fixture('cert'), key: fixture('key') } }],
])(
  '%s that never ask for anything are bounded by address, too, and cost no more than their socket',
  async (_, tls) => {
    const most = 2 * 3 + 8
    const { server, port, url } = await running({ maxConnectionsPerAddress: 3, ...tls })
    const silent = await Promise.all(Array.from({ length: most }, () => tcp(port)))
    const { ended, text } = await tcp(port)
    await ended
    expect(text()).toBe('')
    expect(server.counters.refused['too-many-per-address']).toBe(1)
    for (const { socket } of silent) socket.destroy()
    const status = async () => (await askUpgrade(url).catch(() => ({ status: 0 }))).status
    // The client of this test speaks no TLS.
    if (!('tls' in tls)) await vi.waitUntil(async () => (await status()) === 101, { timeout: 25_000 })
  },
)

test('a place is taken while verify decides', async () => {
  let decide: (answer: boolean) => void = () => {}
  const { url } = await running({
    maxConnections: 1,
    verify: () => new Promise((resolve) => (decide = resolve)),
  })
  const first = askUpgrade(url)
  await until(() => decide.length === 1)
  expect(await askUpgrade(url)).toMatchObject({ status: 503 })
  decide(true)
  expect(await first).toMatchObject({ status: 101 })
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('the address %j counts as %j', (address, group) => {
  expect(addressGroup(address)).toBe(group)
})

test('places given back can be taken again', () => {
  const caps = new ConnectionCaps(2, 1)
  const place = caps.take('192.0.2.1')
  expect(caps.take('192.0.2.1')).toBe('too-many-per-address')
  expect(caps.take('192.0.2.2')).toBeTypeOf('function')
  expect(caps.take('192.0.2.3')).toBe('too-many')
  if (typeof place === 'function') place()
  expect(caps.take('192.0.2.1')).toBeTypeOf('function')
})

test('the subprotocol is the first of the list that the client offers', async () => {
  const { url } = await running({ protocols: ['v2', 'v1'] })
  const { socket } = await dial(url, {}, ['v0', 'v1', 'v2'])
  expect(socket.protocol).toBe('v2')
  const plain = await dial(url)
  expect(plain.socket.protocol).toBe('')
})

test('by default the first offer is taken', async () => {
  const { url } = await running()
  const { socket } = await dial(url, {}, ['b', 'a'])
  expect(socket.protocol).toBe('b')
})

test('a client whose subprotocols are all unknown gets 400', async () => {
  const { server, url } = await running({ protocols: ['v1'] })
  const { closed, errors } = dialing(url, {}, ['v9'])
  await closed
  expect(errors[0]?.message).toMatch(/400/)
  expect(server.counters.refused.protocol).toBe(1)
})

test('a protocols function picks, and what was not offered is never answered', async () => {
  const good = await running({ protocols: (offered) => offered.at(-1) })
  expect((await dial(good.url, {}, ['a', 'b'])).socket.protocol).toBe('b')
  const bad = await running({ protocols: () => 'other\r\nSet-Cookie: x' })
  const reported = next(bad.server, 'error')
  expect(await askUpgrade(bad.url, { 'Sec-WebSocket-Protocol': 'a' })).toMatchObject({ status: 500 })
  expect((await reported).error).toMatchObject({ code: 'bad-answer' })
})

test('verify accepts with true only', async () => {
  const seen: ConnectionRequest[] = []
  const { url } = await running({
    verify: async (request) => {
      seen.push(request)
      return true
    },
  })
  await dial(`${url}?ticket=1`, { headers: { Authorization: 'Bearer x' } })
  expect(seen[0]).toMatchObject({ url: '/?ticket=1', headers: { authorization: 'Bearer x' } })
})

test.each<[string, unknown, number, string | undefined]>([
  ['false', false, 401, undefined],
  ['a status', { status: 403 }, 403, undefined],
  ['a status and a wait', { status: 429, retryAfterMs: 1_200, detail: 'later' }, 429, '2'],
  ['nothing', undefined, 500, undefined],
  ['a truthy value', 1, 500, undefined],
  ['a status that is none', { status: 200 }, 500, undefined],
  ['null', null, 500, undefined],
])('verify that answers %s refuses', async (_what, answer, status, retryAfter) => {
  const { server, url } = await running({ verify: () => answer as VerifyRefusal })
  server.on('error', () => {})
  const refusal = await askUpgrade(url)
  expect(refusal.status).toBe(status)
  expect(refusal.headers['retry-after']).toBe(retryAfter)
  expect(server.counters.opened).toBe(0)
})

test('verify that throws or rejects refuses with 500 and is reported', async () => {
  for (const verify of [
    () => {
      throw new Error('canary')
    },
    async () => Promise.reject(new Error('canary')),
  ]) {
    const { server, url } = await running({ verify })
    const reported = next(server, 'error')
    const refusal = await askUpgrade(url)
    expect(refusal.status).toBe(500)
    expect(refusal.body).not.toContain('canary')
    expect((await reported).error).toMatchObject({ message: 'canary' })
  }
})

test('verify that hangs is told to give up and refuses with 503 and Retry-After', async () => {
  const aborted = vi.fn()
  const { server, url } = await running({
    verifyTimeoutMs: 50,
    verify: (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted()
          reject(new Error('gave up'))
        })
      }),
  })
  const reported = next(server, 'error')
  expect(await askUpgrade(url)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect((await reported).error).toMatchObject({ code: 'verify-timeout' })
  expect(aborted).toHaveBeenCalledOnce()
})

test('a client that resets while verify decides leaves nothing behind', async () => {
  let decide: (answer: boolean) => void = () => {}
  const { server, port } = await running({ verify: () => new Promise((resolve) => (decide = resolve)) })
  const { socket } = await tcp(port)
  socket.write(upgradeText())
  await until(() => decide.length === 1)
  socket.resetAndDestroy()
  decide(true)
  await until(() => server.resources.sockets === 0)
  expect(server.connections.size).toBe(0)
})

test('permessage-deflate is offered only by option', async () => {
  const plain = await running()
  expect((await dial(plain.url)).socket.extensions).toBe('')
  const deflating = await running({ perMessageDeflate: true })
  const { socket } = await dial(deflating.url)
  expect(socket.extensions).toContain('permessage-deflate')
  socket.send('x'.repeat(5_000))
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('x'.repeat(5_000))
})

test('permessage-deflate leaves messages below its threshold as they are', async () => {
  const { url } = await running({ perMessageDeflate: { thresholdBytes: 100 } })
  const { socket } = await dial(url)
  expect(socket.extensions).toBe('permessage-deflate')
  const firstBytes: number[] = []
  const below = (socket as unknown as { readonly _socket: Socket })._socket
  below.on('data', (data: Buffer) => firstBytes.push(data[0] ?? 0))
  for (const length of [99, 100]) {
    socket.send('x'.repeat(length))
    await once(socket, 'message')
  }
  // The bit RSV1 says that a message is compressed (RFC 7692 section 7.2.3.1).
  expect(firstBytes).toEqual([0x81, 0xc1])
})

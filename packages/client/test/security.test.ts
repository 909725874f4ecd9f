import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { inspect } from 'node:util'
import { deflateRawSync } from 'node:zlib'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { requests } from '../src/request/index.ts'
import { resume } from '../src/resume/index.ts'
import { fakeServer, ManualClock } from '../src/testing/index.ts'
import { DLE, standardWelcome } from './resume-frames.ts'

// What a hostile server could do to a client: docs/security.md has the table.

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A WELCOME; members are given as the JSON of their values, so that they may be what no number of ours is. */
function welcome(members: Readonly<Record<string, string>> = {}): string {
  const texts = Object.entries(standardWelcome).map(([name, value]) => [name, JSON.stringify(value)] as const)
  const all = { ...Object.fromEntries(texts), ...members }
  return `${DLE}W{${Object.entries(all)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`
}

function open(options: SessionOptions = {}) {
  const clock = new ManualClock()
  const server = fakeServer({ clock, onDial: () => ({ protocol: 'holdfast.v1' }) })
  const { createSocket } = server
  const session = connect('ws://server.test', {
    resume: resume(),
    clock,
    createSocket,
    random: () => 0.5,
    ...options,
  })
  endings.push(() => session.dispose())
  return { clock, server, session }
}

describe('a hostile WELCOME', () => {
  it.each([
    ['a ping every millisecond', { ping: '1' }],
    ['a ping of less than a second', { ping: '999' }],
    ['a ping after more than an hour', { ping: '3600001' }],
    ['a negative ping', { ping: '-1' }],
    ['an idle time of a moment', { idle: '1' }],
    ['no window', { win: '[0,0]' }],
    ['no window for messages', { win: '[0,10000]' }],
    ['a negative window', { win: '[-1,10000]' }],
    ['an endless window', { win: '[1e400,1e400]' }],
    ['a window that is no list', { win: '"10"' }],
    ['a window smaller than a message', { win: '[10,5]' }],
    ['no room for a message', { max: '0' }],
    ['a time to live of years', { ttl: '1e12' }],
    ['a time to live that never ends', { ttl: '1e400' }],
    ['a negative time to live', { ttl: '-1' }],
    ['a spread of more than an hour', { spread: '3600001' }],
    ['a count that is no safe integer', { ack: '9007199254740993' }],
    ['a count of what was never sent', { res: 'true', rx: '7' }],
    ['a broken number', { rx: '1.5' }],
    ['null', { ping: 'null' }],
    ['a text', { ping: '"20000"' }],
    ['another version', { v: '2' }],
    ['an id without end', { sid: JSON.stringify('x'.repeat(1_000)) }],
    ['a token without end', { tok: JSON.stringify('x'.repeat(10_000)) }],
  ])('with %s is refused, and the client waits before it tries again', async (_, members) => {
    const { clock, server, session } = open()
    await clock.advance(1)
    server.last.send(welcome(members))
    await clock.advance(1)
    expect(session.state.name).toBe('waiting')
    if (session.state.name === 'waiting') expect(session.state.delayMs).toBeGreaterThanOrEqual(500)
    expect(server.sockets).toHaveLength(1)
  })

  it('at the very bounds is taken', async () => {
    const { clock, server, session } = open()
    await clock.advance(1)
    server.last.send(
      welcome({ ping: '1000', idle: '3600000', ttl: '604800000', win: '[1,1000]', spread: '3600000' }),
    )
    await clock.advance(1)
    expect(session.state.name).toBe('open')
  })
})

it.each([
  ['closes at once', (): string[] => []],
  ['says ERROR with its WELCOME', () => [`${DLE}E{"code":4503,"retry":0}`]],
  ['says BYE with its WELCOME', () => [`${DLE}B{"code":4000,"rx":0,"ack":0}`]],
  ['sends a wrong count', () => [`${DLE}A99,0`]],
])('a server that welcomes everyone and then %s is not dialled in a spin', async (_, frames) => {
  const { clock, server, session } = open()
  for (let second = 0; second < 300; second += 1) {
    const { sockets } = server
    const socket = sockets.at(-1)
    if (socket !== undefined && socket.received.length === 1) {
      socket.send(welcome({ sid: `"s${sockets.length}"` }))
      for (const frame of frames()) socket.send(frame)
      if (frames().length === 0) socket.close(1011, '')
    }
    await clock.advance(1_000)
  }
  // With delays up to 30 s, five minutes have some twenty of them; the first are shorter.
  expect(server.sockets.length).toBeLessThan(60)
  session.dispose()
})

describe('secrets of a session', () => {
  it('are shown nowhere: ids and tokens of WELCOME, and credentials in HELLO and REFRESH', async () => {
    const shown: string[] = []
    const show = (value: unknown) =>
      void shown.push(
        `${JSON.stringify(value)} ${inspect(value, { depth: 20, showHidden: true, getters: true })}`,
      )
    const { clock, server, session } = open({ logger: show, credentials: () => 'canary-auth' })
    for (const event of ['state', 'resumed', 'gap', 'error', 'closed'] as const) session.on(event, show)
    const canary = { sid: '"canary-sid"', tok: '"canary-tok"' }
    for (const [way, members] of [
      ['cut', {}],
      ['error', { res: 'true' }],
      ['violation', { res: 'true' }],
      ['gap', { lost: '"expired"' }],
    ] as const) {
      await clock.advance(40_000)
      server.last.send(welcome({ ...canary, ...members }))
      await clock.advance(10)
      session.send('message')
      show(session)
      if (way === 'cut' || way === 'gap') server.last.cut()
      if (way === 'error') server.last.send(`${DLE}E{"code":4401,"msg":"no"}`)
      if (way === 'violation') server.last.send(`${DLE}W{"sid":"canary-sid"}`)
      await clock.advance(10)
    }
    session.dispose()
    show(session)
    show(await session.closed)
    expect(shown.join('').length).toBeGreaterThan(1_000)
    expect(shown.join('')).not.toContain('canary')
  })
})

/** Answers the upgrade by hand, then writes these bytes. */
async function rawServer(after: Buffer): Promise<{ url: string; http: Server }> {
  const http = createServer()
  http.on('upgrade', ({ headers }, socket: Socket) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    socket.write(after)
    socket.on('error', () => socket.destroy())
    endings.push(() => socket.destroy())
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  endings.push(() => http.close())
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, http }
}

/** What ended the first connection that opened. */
function firstLoss(session: Session): Promise<unknown> {
  return new Promise((resolve) => {
    session.on('state', ({ state, previous }) => {
      if (previous.name === 'open' && 'cause' in state) resolve(state.cause)
    })
  })
}

it('a decompression bomb is not inflated: Node offers no compression, and a compressed frame ends the connection', async () => {
  const bomb = deflateRawSync(Buffer.alloc(6_000_000))
  const head = Buffer.from([0xc2, 126, bomb.length >> 8, bomb.length & 255])
  expect(bomb.length).toBeLessThan(65_536)
  const { url, http } = await rawServer(Buffer.concat([head, bomb]))
  const offered: unknown[] = []
  http.on('upgrade', ({ headers }) => offered.push(headers['sec-websocket-extensions']))
  const session = connect(url, { heartbeat: false })
  endings.push(() => session.dispose())
  const received: unknown[] = []
  session.on('message', (message) => received.push(message))
  const lost = firstLoss(session)
  expect(await lost).toMatchObject({ kind: expect.stringMatching(/lost|server-close/) })
  expect(received).toEqual([])
  expect(offered[0]).toBeUndefined()
})

it('a redirect is not followed, so that credentials go nowhere else', async () => {
  const http = createServer()
  const visits: unknown[] = []
  http.on('upgrade', ({ url, headers }, socket: Socket) => {
    visits.push([url, headers.authorization])
    socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n')
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  endings.push(() => http.close())
  const session = connect(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/here`, {
    headers: { authorization: 'Bearer x' },
  })
  endings.push(() => session.dispose())
  await new Promise((resolve) => session.on('state', ({ state }) => 'cause' in state && resolve(state)))
  expect(visits).toEqual([['/here', 'Bearer x']])
})

it('answers that are made to pollute resolve nothing but their request, and change no prototype', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  endings.push(() => server.close())
  const evil = [
    '{"id":"__proto__","polluted":1}',
    '{"id":"constructor","polluted":1}',
    '{"__proto__":{"id":1,"polluted":1}}',
    '{"id":1e309}',
    '{"id":{"toString":"x"}}',
    '[{"id":1}]',
    `{"id":${'['.repeat(50_000)}`,
  ]
  server.on('connection', (socket) => {
    socket.on('message', () => {
      for (const text of evil) socket.send(text)
      socket.send('{"id":1,"id":1,"__proto__":{"polluted":1},"answer":"mine"}')
    })
  })
  const session = connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { heartbeat: false })
  endings.push(() => session.dispose())
  const errors: unknown[] = []
  session.on('error', ({ error }) => errors.push(error))
  const answer = await requests(session).request({ ask: 'x' })
  expect(answer['answer']).toBe('mine')
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  expect(errors).toEqual([])
})

it('ten times what may wait is refused, and what waits stays within its bounds by number and by bytes', () => {
  const session = connect('ws://server.test', {
    autoConnect: false,
    queue: { maxMessages: 100, maxBytes: 5_000 },
  })
  endings.push(() => session.dispose())
  const receipts = Array.from({ length: 1_000 }, () => session.send('x'.repeat(60)))
  expect(session.queue.size).toBeLessThanOrEqual(100)
  expect(session.queue.bytes).toBeLessThanOrEqual(5_000)
  expect(receipts.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(900)
})

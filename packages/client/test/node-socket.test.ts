import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { connect, type Session, type SessionOptions, type State } from '../src/index.ts'
import { nothingHeld } from './world.ts'

// The real `ws`, over real sockets of this machine, in real time.

const open: (() => void)[] = []

afterEach(() => {
  for (const end of open.splice(0)) end()
})

interface Peer {
  readonly url: string
  readonly http: Server
  readonly wss: WebSocketServer
  readonly upgrades: IncomingMessage[]
  readonly sockets: Socket[]
}

/** A server that echoes, or answers every upgrade as told. */
async function listen(refuse?: (answer: (head: string) => void) => void): Promise<Peer> {
  const http = createServer((_request: IncomingMessage, response: ServerResponse) => void response.end())
  const wss = new WebSocketServer({ noServer: true })
  const upgrades: IncomingMessage[] = []
  const sockets: Socket[] = []
  http.on('upgrade', (request, socket: Socket, head) => {
    upgrades.push(request)
    sockets.push(socket)
    if (refuse) return refuse((text) => socket.end(`HTTP/1.1 ${text}\r\nConnection: close\r\n\r\n`))
    wss.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }))
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  open.push(() => {
    for (const client of wss.clients) client.terminate()
    http.close()
    http.closeAllConnections()
  })
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`, http, wss, upgrades, sockets }
}

function start(url: string, options: SessionOptions = {}): Session {
  const session = connect(url, { backoff: { baseMs: 20, capMs: 20 }, ...options })
  session.on('error', () => {})
  open.unshift(() => session.dispose())
  return session
}

/** Waits for the next state of this name. */
function next<Name extends State['name']>(
  session: Session,
  name: Name,
): Promise<Extract<State, { name: Name }>> {
  return new Promise((resolve) => {
    const undo = session.on('state', ({ state }) => {
      if (state.name !== name) return
      undo()
      resolve(state as Extract<State, { name: Name }>)
    })
  })
}

describe('a session in Node', () => {
  it('echoes text and binary, comes back after a cut, and holds nothing after dispose', async () => {
    const { url, wss } = await listen()
    const session = start(url)
    const seen: unknown[] = []
    const iterator = session[Symbol.asyncIterator]()
    const take = async () => {
      const { value } = await iterator.next()
      seen.push(typeof value === 'string' ? value : `binary ${new TextDecoder().decode(value)}`)
    }
    session.send('one')
    session.send(new TextEncoder().encode('two'))
    await take()
    await take()
    for (const client of wss.clients) client.terminate()
    await next(session, 'waiting')
    session.send(new Blob(['three']))
    await take()
    expect(seen).toEqual(['one', 'binary two', 'binary three'])
    session.dispose()
    expect(session.resources).toEqual(nothingHeld)
  })

  it('hands over what is sent in one turn in few system calls, in order', async () => {
    const { url, sockets } = await listen()
    const session = start(url)
    await session.opened()
    let chunks = 0
    sockets[0]?.on('data', () => {
      chunks += 1
    })
    const seen: unknown[] = []
    const all = new Promise<void>((resolve) =>
      session.on('message', (message) => {
        seen.push(message)
        if (seen.length === 200) resolve()
      }),
    )
    const sent = Array.from({ length: 200 }, (_, n) => `message ${n}`)
    for (const text of sent) session.send(text)
    await all
    expect(seen).toEqual(sent)
    expect(chunks).toBeLessThan(20)
  })

  it.each([0, 1, 125, 126, 1_023, 1_024, 65_536])(
    'sends and receives a text of %i characters as it is',
    async (length) => {
      const { url, wss } = await listen()
      const session = start(url)
      await session.opened()
      const [client] = wss.clients
      const seen: unknown[] = []
      client?.on('message', (data: Buffer, isBinary) => seen.push([data.toString(), isBinary]))
      const text = 'x€\ud83d\ude00é'.repeat(length).slice(0, length)
      // Where the cut leaves half a character, that is U+FFFD.
      const arrives = Buffer.from(text).toString()
      const back = new Promise((resolve) => session.on('message', resolve))
      session.send(text)
      expect(await back).toBe(arrives)
      expect(seen).toEqual([[arrives, false]])
    },
  )

  it('loses nothing that was sent in the turn in which it is disposed', async () => {
    const { url, wss } = await listen()
    const session = start(url)
    await session.opened()
    const [client] = wss.clients
    const seen: string[] = []
    client?.on('message', (data: Buffer) => seen.push(data.toString()))
    const closed = client && once(client, 'close')
    for (const text of ['a', 'b', 'c']) session.send(text)
    session.dispose()
    await closed
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('offers its subprotocols and headers, and tells which one was chosen', async () => {
    const { url, upgrades } = await listen()
    const session = start(url, { protocols: ['chat', 'news'], headers: { 'x-token': 'secret' } })
    const { protocol } = await next(session, 'open')
    expect(protocol).toBe('chat')
    expect(upgrades[0]?.headers).toMatchObject({
      'sec-websocket-protocol': 'chat,news',
      'x-token': 'secret',
    })
    expect(upgrades[0]?.headers['sec-websocket-extensions']).toBeUndefined()
  })

  it('measures the round trip with a ping of the protocol, which no application sees', async () => {
    const { url } = await listen()
    const session = start(url)
    const seen: unknown[] = []
    session.on('message', (data) => seen.push(data))
    await next(session, 'open')
    expect(await session.probe()).toBe('alive')
    expect(session.rttMs).toBeGreaterThanOrEqual(0)
    expect(seen).toEqual([])
  })

  it('says goodbye with its code, and resolves when the server answered', async () => {
    const { url, wss } = await listen()
    const session = start(url)
    await next(session, 'open')
    const [client] = wss.clients
    const told = new Promise((resolve) =>
      client?.on('close', (code, reason) => resolve([code, reason.toString()])),
    )
    const { cause } = await session.close({ code: 4001, reason: 'done' })
    expect(await told).toEqual([4001, 'done'])
    expect(cause).toEqual({ kind: 'closed', code: 4001, reason: 'done' })
    expect(session.resources).toEqual(nothingHeld)
  })

  it('tells the HTTP status, the headers and the hint of a refused upgrade', async () => {
    const { url } = await listen((answer) =>
      answer('503 Busy\r\nRetry-After: 7\r\nX-Reason: deploy\r\nSet-Cookie: a=b'),
    )
    const session = start(url, { random: () => 0 })
    const { cause, delayMs } = await next(session, 'waiting')
    expect(cause).toMatchObject({
      kind: 'refused',
      status: 503,
      retryAfterMs: 7_000,
      headers: { 'x-reason': 'deploy', 'retry-after': '7' },
    })
    expect(cause).not.toHaveProperty(['headers', 'set-cookie'])
    expect(delayMs).toBe(7_000)
    expect(session.resources).toMatchObject({ sockets: 0, closing: 0 })
  })

  it('reads a Retry-After that is a date, and takes one in the past or none at all for no hint', async () => {
    const inOneHour = new Date(Date.now() + 3_600_000).toUTCString()
    for (const [value, hinted] of [
      [inOneHour, true],
      ['Thu, 01 Jan 1970 00:00:00 GMT', false],
      ['soon', false],
    ] as const) {
      const { url } = await listen((answer) => answer(`429 Slow down\r\nRetry-After: ${value}`))
      const session = start(url)
      const { delayMs } = await next(session, 'waiting')
      expect(delayMs > 20).toBe(hinted)
      session.dispose()
    }
  })

  it('does not follow a redirect: it may lead anywhere', async () => {
    const elsewhere = await listen()
    const { url } = await listen((answer) => answer(`307 Elsewhere\r\nLocation: ${elsewhere.url}?token=x`))
    const session = start(url)
    const { cause } = await next(session, 'closed')
    expect(cause).toMatchObject({ kind: 'refused', status: 307 })
    expect(elsewhere.upgrades).toEqual([])
  })

  it('tells the errno when nobody listens', async () => {
    const { url, http } = await listen()
    http.close()
    await once(http, 'close')
    const session = start(url)
    const { cause } = await next(session, 'waiting')
    expect(cause).toEqual({ kind: 'unreachable', errno: 'ECONNREFUSED' })
  })

  it('a peer that resets right after the upgrade, and one that sends garbage, are losses like others', async () => {
    for (const say of ['', 'garbage that is no frame']) {
      const tcp = createTcpServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', (data) => {
          const key = /sec-websocket-key: (.*)\r/i.exec(data.toString())?.[1] ?? ''
          void import('node:crypto').then(({ createHash }) => {
            const accept = createHash('sha1')
              .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
              .digest('base64')
            socket.write(
              `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n${say}`,
              () => setTimeout(() => socket.resetAndDestroy(), 20),
            )
          })
        })
      })
      tcp.listen(0, '127.0.0.1')
      await once(tcp, 'listening')
      open.push(() => tcp.close())
      const session = start(`ws://127.0.0.1:${(tcp.address() as AddressInfo).port}/`)
      const { cause } = await next(session, 'waiting')
      expect(['lost', 'unreachable', 'server-close']).toContain(cause.kind)
      session.dispose()
      expect(session.resources).toEqual(nothingHeld)
    }
  })

  it('can be disposed at any moment of its dial, and nobody hears an error', async () => {
    const silent = createTcpServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    open.push(() => silent.close())
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    for (const waitMs of [0, 1, 5, 20]) {
      const session = connect(url)
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      session.dispose()
      expect(session.resources).toEqual(nothingHeld)
    }
    // An uncaught error or an unhandled rejection would fail the run.
    await new Promise((resolve) => setTimeout(resolve, 50))
  })
})

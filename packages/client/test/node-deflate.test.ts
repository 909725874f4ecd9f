import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { connect, type Session, type SessionOptions } from '../src/index.ts'
import { nodeSocket, type NodeSocketOptions } from '../src/node/index.ts'

// The real `ws` at both ends, over real sockets of this machine.

const open: (() => void)[] = []

afterEach(() => {
  for (const end of open.splice(0)) end()
})

/** The first byte of a frame: the last of a text message that is compressed, or is not (RFC 6455 section 5.2, RFC 7692). */
const compressedText = 0xc1
const plainText = 0x81

interface Peer {
  readonly url: string
  readonly clients: WebSocket[]
  readonly offers: string[]
  /** The first byte of each piece that came after the upgrade. */
  readonly firstBytes: number[]
}

/** A server that echoes, and sees the bytes of its clients. */
async function listen(deflate: ServerOptions['perMessageDeflate']): Promise<Peer> {
  const http = createServer()
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: deflate ?? false })
  const [clients, offers, firstBytes]: [WebSocket[], string[], number[]] = [[], [], []]
  http.on('upgrade', (request, socket: Socket, head) => {
    offers.push(request.headers['sec-websocket-extensions'] ?? '')
    socket.on('data', (data: Buffer) => firstBytes.push(data[0] ?? 0))
    wss.handleUpgrade(request, socket, head, (client) => {
      clients.push(client)
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
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`, clients, offers, firstBytes }
}

async function start(
  { url }: Peer,
  options?: NodeSocketOptions,
  others: SessionOptions = {},
): Promise<Session> {
  const session = connect(url, { createSocket: nodeSocket(options), heartbeat: false, ...others })
  open.unshift(() => session.dispose())
  await session.opened()
  return session
}

/** Sends a message and waits for it to come back, so that the next one is a piece of its own. */
async function echoed(session: Session, text: string): Promise<unknown> {
  const back = new Promise((resolve) => session.once('message', resolve))
  session.send(text)
  return back
}

const large = 'compress me '.repeat(500)

describe('nodeSocket', () => {
  it('offers no compression unless asked to', async () => {
    const peer = await listen(true)
    const session = await start(peer)
    expect(await echoed(session, large)).toBe(large)
    expect([peer.offers, peer.clients[0]?.extensions, peer.firstBytes]).toEqual([[''], '', [plainText]])
  })

  it('negotiates permessage-deflate, compresses large messages and leaves small ones alone', async () => {
    const peer = await listen({ threshold: 100 })
    const session = await start(peer, { perMessageDeflate: { thresholdBytes: 100 } })
    expect(peer.clients[0]?.extensions).toBe('permessage-deflate')
    expect(peer.offers[0]).toMatch(/client_no_context_takeover/)
    for (const text of ['small', large, 'x'.repeat(99), 'x'.repeat(100)]) {
      expect(await echoed(session, text)).toBe(text)
    }
    expect(peer.firstBytes).toEqual([plainText, compressedText, plainText, compressedText])
  })

  it('goes on without compression at a server that has none', async () => {
    const peer = await listen(false)
    const session = await start(peer, { perMessageDeflate: true })
    expect(await echoed(session, large)).toBe(large)
    expect(peer.firstBytes).toEqual([plainText])
  })

  it('ends a connection whose message inflates to more than maxPayloadBytes', async () => {
    const peer = await listen({ threshold: 0 })
    const session = await start(
      peer,
      { perMessageDeflate: true, maxPayloadBytes: 10_000 },
      { backoff: { baseMs: 20, capMs: 20 } },
    )
    const messages: unknown[] = []
    session.on('message', (message) => messages.push(message))
    const lost = new Promise((resolve) => session.once('state', ({ state }) => resolve(state.name)))
    peer.clients[0]?.send(Buffer.alloc(20_000_000))
    expect(await lost).toBe('waiting')
    await session.opened()
    expect(messages).toEqual([])
    expect(await echoed(session, 'goes on')).toBe('goes on')
  })

  it('takes an agent, and headers of the session', async () => {
    const peer = await listen(false)
    let used = 0
    class Counting extends Agent {
      override createConnection(...args: Parameters<Agent['createConnection']>) {
        used += 1
        return super.createConnection(...args)
      }
    }
    const agent = new Counting()
    open.push(() => agent.destroy())
    const session = await start(peer, { agent }, { headers: { 'x-test': 'yes' } })
    expect([used, await echoed(session, 'hi')]).toEqual([1, 'hi'])
  })

  it.each([
    [{ perMessageDeflate: 'yes' }, 'nodeSocket.perMessageDeflate: must be a boolean or an object'],
    [
      { perMessageDeflate: { thresholdBytes: -1 } },
      'nodeSocket.perMessageDeflate.thresholdBytes: must be from 0',
    ],
    [{ perMessageDeflate: { level: 10 } }, 'nodeSocket.perMessageDeflate.level: must be from 1 to 9'],
    [{ perMessageDeflate: { window: 9 } }, 'unknown option nodeSocket.perMessageDeflate.window'],
    [{ maxPayloadBytes: 0 }, 'nodeSocket.maxPayloadBytes: must be from 1'],
    [{ agent: 'http' }, 'nodeSocket.agent: must be an object'],
    [{ tls: true }, 'nodeSocket.tls: must be an object'],
    [{ timeoutMs: 1 }, 'unknown option nodeSocket.timeoutMs'],
  ])('refuses %j', (options, message) => {
    expect(() => nodeSocket(options as never)).toThrow(message)
  })
})

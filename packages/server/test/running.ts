import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { createServer, type HoldfastServer, type ServerOptions } from '../src/index.ts'

// What the tests of this folder run: servers and clients that end with the test.

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** Keeps something to end after the test, newest first. */
export function afterwards(end: () => unknown): void {
  endings.push(end)
}

/** Makes a server that is stopped after the test. */
export function make(options: ServerOptions = {}): HoldfastServer {
  const server = createServer(options)
  afterwards(() => server.stop({ deadlineMs: 0 }))
  return server
}

/** Makes and starts a server. */
export async function running(options: ServerOptions = {}) {
  const server = make(options)
  return { server, ...(await server.start()) }
}

/** Opens a client and gathers what it receives. Resolves once it is open. */
export async function dial(url: string, options: ClientOptions = {}, protocols: string[] = []) {
  const client = dialing(url, options, protocols)
  await once(client.socket, 'open')
  return client
}

/** As `dial`, but does not wait. */
export function dialing(url: string, options: ClientOptions = {}, protocols: string[] = []) {
  const socket = new WebSocket(url, protocols, options)
  const received: (string | Buffer)[] = []
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  socket.on('message', (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  afterwards(() => socket.terminate())
  return { socket, received, errors, closed }
}

/** What came back for a plain HTTP request, or for an upgrade that was refused. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Asks over plain HTTP. */
export function ask(url: string, { method = 'GET', headers = {} } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url.replace(/^ws/, 'http'), { method, headers, agent: false })
    asked.on('error', reject)
    asked.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    asked.on('upgrade', (response, socket) => {
      afterwards(() => socket.destroy())
      resolve({ status: 101, headers: response.headers, body: '' })
    })
    asked.end()
  })
}

/** The headers of a correct upgrade. */
export const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Asks for an upgrade, with these headers on top; one that is `undefined` is left out. */
export function askUpgrade(url: string, headers: Record<string, string | undefined> = {}, method = 'GET') {
  const all = Object.entries({ ...upgradeHeaders, ...headers }).filter(([, value]) => value !== undefined)
  return ask(url, { method, headers: Object.fromEntries(all) })
}

/** Opens a bare TCP connection. */
export async function tcp(
  port: number,
): Promise<{ socket: Socket; text: () => string; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  let all = ''
  socket.on('data', (data) => {
    all += data.toString('latin1')
  })
  socket.on('error', () => socket.destroy())
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
  })
  afterwards(() => socket.destroy())
  await once(socket, 'connect')
  return { socket, text: () => all, ended }
}

/** The text of an upgrade request, for bare TCP connections. */
export function upgradeText(path = '/', more: readonly string[] = []): string {
  const lines = Object.entries(upgradeHeaders).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, ...more, '', ''].join('\r\n')
}

/** Waits for something that no event tells. The bound only ends what hangs. */
export async function until(done: () => boolean): Promise<void> {
  await vi.waitUntil(done, { timeout: 25_000, interval: 10 })
}

/** Resolves with the next event of a server that fits. */
export function next<Type extends Parameters<HoldfastServer['on']>[0]>(server: HoldfastServer, type: Type) {
  return new Promise<Parameters<Parameters<typeof server.on<Type>>[1]>[0]>((resolve) => {
    const undo = server.on(type, (event) => {
      undo()
      resolve(event)
    })
  })
}

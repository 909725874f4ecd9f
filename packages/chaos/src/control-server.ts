import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChaosProxy } from './chaos-proxy.ts'
import { type Route, routes } from './control-routes.ts'
import { streamEvents } from './event-stream.ts'
import { describeError, HttpError } from './http-error.ts'
import { listenError } from './listen-error.ts'
import { isLoopback } from './loopback.ts'
import { readJson } from './read-json.ts'

interface Address {
  readonly host: string
  readonly port: number
}

const requestTimeoutMs = 30_000

/** Is the HTTP door to a proxy: JSON in and out, open to pages of any origin on this machine. */
export class ControlServer {
  readonly #proxy: ChaosProxy
  readonly #address: Address
  readonly #server: Server

  constructor(proxy: ChaosProxy, address: Address) {
    this.#proxy = proxy
    this.#address = address
    this.#server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => sendError(response, error))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#address.port
  }

  /** Listens. @throws ChaosError `port-in-use` or `listen-failed` */
  async open(): Promise<Address> {
    const { host, port } = this.#address
    try {
      this.#server.listen({ host, port })
      await once(this.#server, 'listening')
    } catch (error) {
      throw listenError('control', host, port, error as NodeJS.ErrnoException)
    }
    return { host, port: this.port }
  }

  /** Ends all requests, streams of events too; resolves when the port is closed. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allowAnyOrigin(request, response)
    refuseForeignHost(request)
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    const { pathname, searchParams: query } = readUrl(request)
    if (pathname === '/events' && request.method === 'GET') {
      streamEvents(this.#proxy, query, request, response)
      return
    }
    const route = findRoute(pathname, request.method ?? '')
    const result = await route(this.#proxy, { query, json: () => readJson(request) })
    sendJson(response, 200, result)
  }
}

function readUrl(request: IncomingMessage): URL {
  const path = request.url ?? '/'
  if (!URL.canParse(path, 'http://localhost')) throw new HttpError(404, 'not-found', 'no such route')
  return new URL(path, 'http://localhost')
}

function findRoute(path: string, method: string): Route {
  const methods =
    path === '/events' ? { GET: undefined } : Object.hasOwn(routes, path) ? routes[path] : undefined
  if (methods === undefined) throw new HttpError(404, 'not-found', `${path}: no such route`)
  const route = Object.entries(methods).find(([name]) => name === method)?.[1]
  if (route !== undefined) return route
  const allow = [...Object.keys(methods), 'OPTIONS'].join(', ')
  throw new HttpError(405, 'wrong-method', `${path}: must be called with ${allow}, got ${method}`, { allow })
}

function allowAnyOrigin(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return
  response.setHeader('access-control-allow-methods', 'GET, PUT, PATCH, POST')
  response.setHeader('access-control-allow-headers', 'content-type, last-event-id')
  response.setHeader('access-control-max-age', '600')
  // Asked for by browsers that guard local networks, when the page itself came from a public address.
  if (request.headers['access-control-request-private-network'] === 'true')
    response.setHeader('access-control-allow-private-network', 'true')
}

/** A foreign name that resolves to this machine is how DNS rebinding gets past the same-origin policy. */
function refuseForeignHost(request: IncomingMessage): void {
  const header = request.headers.host ?? ''
  if (!isLoopback(header.replace(/:\d+$/, '')))
    throw new HttpError(
      403,
      'foreign-host',
      `Host: must be a loopback name or address, got ${JSON.stringify(header)}`,
    )
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { status, headers, body } = describeError(error)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  sendJson(response, status, body)
}

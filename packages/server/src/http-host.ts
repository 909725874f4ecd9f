import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Scope } from '@holdfast/lifetime'
import { ServerError } from './errors.ts'
import type { ResolvedOptions } from './options.ts'
import { ConnectionCaps, type ReachedCap } from './connection-caps.ts'
import type { Refusal } from './refusal.ts'
import type { ServerAddress } from './state.ts'

/** What happens on an HTTP server of our own, besides upgrades. */
export interface HostEvents {
  readonly onRequest: RequestListener
  /** A request that is too slow, too long or no HTTP. */
  readonly onBadRequest: (socket: Duplex, refusal: Refusal) => void
  /** There are too many sockets: this one was closed before anything was read, or a TLS handshake began. */
  readonly onCrowd: (reason: ReachedCap) => void
}

/** As many sockets again may be on their way in, or about to be told why they may not; */
const SOCKETS_PER_CONNECTION = 2

/** and some ask for something else: health, metrics, pages. Browsers open six to one host. */
const SPARE_SOCKETS = { total: 100, perAddress: 8 }

/**
 * Makes an HTTP or HTTPS server that drops slow requests.
 * @throws ServerError `bad-tls` when certificate and key cannot be used
 */
export function createHost(
  options: ResolvedOptions,
  { onRequest, onBadRequest, onCrowd }: HostEvents,
): Server {
  const { tls, handshakeTimeoutMs } = options
  const limits = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    // How often Node looks for slow heads: its own 30 s would make a 10 s limit one of 40 s.
    connectionsCheckingInterval: Math.max(50, Math.min(250, Math.floor(handshakeTimeoutMs / 4))),
  }
  const host = tls === undefined ? createHttpServer(limits) : createTlsHost(tls, limits, handshakeTimeoutMs)
  capSockets(host, options, onCrowd)
  host.on('request', onRequest)
  host.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A reset leaves nobody to answer to.
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else onBadRequest(socket, refusalOf(error.code))
  })
  return host
}

/** Bounds sockets that have not asked for anything: each may stay until `handshakeTimeoutMs` has passed. */
function capSockets(host: Server, options: ResolvedOptions, onCrowd: HostEvents['onCrowd']): void {
  const { maxConnections, maxConnectionsPerAddress } = options
  const caps = new ConnectionCaps(
    maxConnections * SOCKETS_PER_CONNECTION + SPARE_SOCKETS.total,
    maxConnectionsPerAddress * SOCKETS_PER_CONNECTION + SPARE_SOCKETS.perAddress,
  )
  host.on('connection', (socket: Socket) => {
    const place = caps.take(socket.remoteAddress ?? '')
    if (typeof place !== 'string') return void socket.once('close', place)
    socket.destroy()
    return onCrowd(place)
  })
}

/** Listens. @throws ServerError `address-in-use`, `listen-failed`; `stopped` when the scope ends before */
export async function listen(
  scope: Scope,
  host: Server,
  address?: { host: string; port: number },
): Promise<void> {
  const opening = scope.child()
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, address))
      host.once('listening', resolve)
      host.once('error', failed)
      opening.defer(() => {
        host.off('listening', resolve)
        host.off('error', failed)
        reject(new ServerError('stopped', 'start: the server was stopped before it was ready'))
      })
      if (address !== undefined) host.listen(address)
      else if (host.listening) resolve()
    })
  } finally {
    opening.end()
  }
}

/** Closes a server of our own with all its plain HTTP connections. Resolves once the port is free. */
export async function closeHost(host: Server): Promise<void> {
  if (!host.listening) {
    // A name that is still being looked up would begin to listen later.
    host.once('listening', () => host.close())
    host.once('error', () => host.close())
    return
  }
  await new Promise((resolve) => {
    host.close(resolve)
    host.closeAllConnections()
  })
}

/** Tells where clients reach a listening server. */
export function addressOf(host: Server, path: string | undefined): ServerAddress {
  const scheme = 'setSecureContext' in host ? 'wss' : 'ws'
  const address = host.address()
  if (address === null || typeof address === 'string') {
    const file = address ?? ''
    return { host: file, port: 0, url: `${scheme}+unix:${file}${path === undefined ? '' : `:${path}`}` }
  }
  return {
    host: address.address,
    port: address.port,
    url: `${scheme}://${reachable(address.address)}:${address.port}${path ?? '/'}`,
  }
}

/** One cannot connect to "every address": there, name this machine. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return address.includes(':') ? `[${address}]` : address
}

function createTlsHost(
  tls: NonNullable<ResolvedOptions['tls']>,
  limits: object,
  handshakeTimeout: number,
): Server {
  try {
    return createHttpsServer({ ...limits, cert: tls.cert, key: tls.key, handshakeTimeout })
  } catch (cause) {
    throw new ServerError('bad-tls', 'tls: certificate and key cannot be used', { cause })
  }
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { reason: 'slow-request', status: 408, detail: 'the request took too long' }
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { reason: 'bad-request', status: 431, detail: 'the request head is too long' }
  }
  return { reason: 'bad-request', status: 400, detail: 'this is no HTTP request' }
}

function listenError(cause: NodeJS.ErrnoException, address?: { host: string; port: number }): ServerError {
  const where = address === undefined ? 'the HTTP server' : `${address.host}:${address.port}`
  if (cause.code === 'EADDRINUSE') {
    return new ServerError('address-in-use', `${where}: another process listens there already`, { cause })
  }
  return new ServerError('listen-failed', `${where}: cannot listen there, ${cause.code ?? cause.message}`, {
    cause,
  })
}

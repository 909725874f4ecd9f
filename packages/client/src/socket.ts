import type { Ledger, Release, Scope } from '@holdfast/lifetime'
import NativeSocket from 'isomorphic-ws'
import type { Cause } from './cause.ts'
import { HoldfastError } from './errors.ts'
import type { Message } from './message.ts'

/** The part of a WebSocket that this code uses: a browser's, `ws`, undici's and others all fit. */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  binaryType: string
  send(data: never): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, run: (event: never) => void): void
  removeEventListener(type: string, run: (event: never) => void): void
}

/** What `ws` has beyond that. */
interface NodeSocket extends SocketLike {
  ping(payload: string): void
  terminate(): void
  on(type: string, run: (...args: never) => void): void
  off(type: string, run: (...args: never) => void): void
}

/** What is known when a socket is made. */
export interface SocketContext {
  /** Headers of the upgrade request, where any were asked for. */
  readonly headers: Readonly<Record<string, string>> | undefined
}

/** Makes a socket for one attempt, not yet open. What it throws fails the attempt. */
export type CreateSocket = (url: string, protocols: readonly string[], context: SocketContext) => SocketLike

/** What a connection reports. After `ended`, or after the scope's end, nothing more comes. */
export interface SocketEvents {
  opened(): void
  message(data: unknown): void
  pong(payload: string): void
  ended(cause: Cause): void
}

interface CloseInfo {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

interface Refusal {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

const OPEN = 1
const CLOSED = 3

/** `null` where the platform has no WebSocket at all. */
const Native = NativeSocket as unknown as {
  new (url: string, protocols: readonly string[], options?: object): SocketLike
  readonly prototype: Partial<NodeSocket>
} | null

/** Tells whether the platform's socket can send headers and pings: it is `ws`. */
export function isNodeSocket(): boolean {
  return typeof Native?.prototype.terminate === 'function'
}

/** Makes the platform's socket: `ws` in Node, without compression; the browser's own elsewhere. */
export const createNativeSocket: CreateSocket = (url, protocols, { headers }) => {
  if (!Native) throw new HoldfastError('dial', 'WebSocket: this platform has none, give createSocket')
  return isNodeSocket()
    ? new Native(url, protocols, { headers, perMessageDeflate: false, followRedirects: false })
    : new Native(url, [...protocols])
}

/** One physical WebSocket, from dial to end; used once. Ends, abandoned, with its scope. */
export class Socket {
  readonly #socket: SocketLike
  readonly #scope: Scope
  readonly #events: SocketEvents
  #errno: string | undefined
  #opening: 'dialling' | 'opened' = 'dialling'

  constructor(socket: SocketLike, scope: Scope, events: SocketEvents) {
    this.#socket = socket
    this.#scope = scope
    this.#events = events
    socket.binaryType = 'arraybuffer'
    scope.hold('sockets', () => abandon(socket, scope.ledger))
    scope.listen(socket, 'open', () => {
      this.#opening = 'opened'
      events.opened()
    })
    scope.listen(socket, 'message', ({ data }: { data: unknown }) => events.message(data))
    scope.listen(socket, 'close', (event: CloseInfo) => this.#closed(event))
    scope.listen(socket, 'error', (event: { error?: { code?: string } }) => this.#failed(event.error?.code))
    if (isNode(socket)) this.#listenInNode(socket)
  }

  /** The subprotocol the server chose. */
  get protocol(): string {
    return this.#socket.protocol
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  /** Sends a ping of the protocol; `undefined` where the platform cannot. */
  get ping(): ((payload: string) => void) | undefined {
    const socket = this.#socket
    return isNode(socket) ? (payload) => socket.ping(payload) : undefined
  }

  send(message: Message): void {
    this.#socket.send(message as never)
  }

  /** Starts the closing handshake; `ended` follows when the server answers. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  #listenInNode(socket: NodeSocket): void {
    on(this.#scope, socket, 'pong', (payload: { toString(): string }) =>
      this.#events.pong(payload.toString()),
    )
    on(this.#scope, socket, 'unexpected-response', (_request: unknown, response: Refusal) =>
      this.#events.ended(refused(response, this.#scope.clock.now())),
    )
  }

  #closed({ code, reason, wasClean }: CloseInfo): void {
    // 1006 and 1005-without-a-frame are the platform's words for "no close frame came".
    if (code !== 1006 && code !== 0)
      return this.#events.ended({ kind: 'server-close', code, reason, wasClean })
    const errno = this.#errno === undefined ? {} : { errno: this.#errno }
    this.#events.ended({ kind: this.#opening === 'opened' ? 'lost' : 'unreachable', ...errno })
  }

  /** An error is followed by `close` at once; where the platform forgets that (Node 22), this ends the connection. */
  #failed(errno: string | undefined): void {
    this.#errno = errno
    this.#scope.timeout(0, () => this.#closed({ code: 1006, reason: '', wasClean: false }))
  }
}

/** Checks what a factory gave. */
export function assertSocket(socket: unknown): asserts socket is SocketLike {
  const { send, close, addEventListener } = (socket ?? {}) as Partial<SocketLike>
  if ([send, close, addEventListener].some((method) => typeof method !== 'function')) {
    throw new HoldfastError('dial', 'createSocket: must return a WebSocket, got something else')
  }
}

/**
 * Gives a socket up without waiting for it: its close handshake may take a minute in browsers and thirty seconds in `ws`,
 * see websockets/ws#2203. All that stays is a count, and a listener that knows nothing of the session.
 */
function abandon(socket: SocketLike, ledger: Ledger): void {
  if (socket.readyState === CLOSED) return
  ledger.closing += 1
  const gone = () => {
    socket.removeEventListener('close', gone)
    ledger.closing -= 1
  }
  socket.addEventListener('close', gone)
  // `ws` emits `error` when it is closed while connecting; without a listener that would end the process.
  socket.addEventListener('error', ignore)
  if (isNode(socket)) {
    // The close frame is a courtesy to a server that is alive; nobody waits for its answer.
    if (socket.readyState === OPEN) socket.close()
    socket.terminate()
    gone()
  } else {
    socket.close()
  }
}

function ignore(): void {}

function isNode(socket: SocketLike): socket is NodeSocket {
  return 'terminate' in socket && 'ping' in socket && 'on' in socket
}

function on(scope: Scope, socket: NodeSocket, type: string, run: (...args: never) => void): Release {
  socket.on(type, run)
  return scope.hold('listeners', () => socket.off(type, run))
}

function refused({ statusCode, headers }: Refusal, now: number): Cause {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    // Cookies are secrets, and the target of a redirect may carry some in its query.
    if (name === 'set-cookie' || value === undefined) continue
    shown[name] = name === 'location' ? String(value).replace(/\?.*$/s, '?…') : String(value)
  }
  const retryAfterMs = parseRetryAfter(shown['retry-after'], now)
  return {
    kind: 'refused',
    status: statusCode,
    headers: shown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** Reads `Retry-After`: seconds or a date, RFC 9110 section 10.2.3. Anything else is no hint. */
function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

// The socket of this platform, and what only `ws` can do. The build for browsers takes `platform-socket.browser.ts` instead.
import { type Clock, type Scope, unrefClock } from '@holdfast/lifetime'
import { type CorkableStream, GatheredWrites } from '@holdfast/mailbox'
import NativeSocket from 'isomorphic-ws'
import { must } from './bounds.ts'
import { HoldfastError } from './errors.ts'
import { type Refusal, refused } from './refused.ts'
import type { CreateSocket, Ping, SocketEvents, SocketLike } from './socket-like.ts'

/** What `ws` has beyond a browser's WebSocket. */
interface NodeSocket extends SocketLike {
  send(data: never, options?: { readonly binary: boolean }): void
  ping(payload: string): void
  terminate(): void
  on(type: string, run: (...args: never) => void): void
  once(type: string, run: (...args: never) => void): void
  off(type: string, run: (...args: never) => void): void
}

/** `null` where the platform has no WebSocket at all. */
const Native = NativeSocket as unknown as {
  new (url: string, protocols: readonly string[], options?: object): SocketLike
  readonly prototype: Partial<NodeSocket>
} | null

type NodeSocketClass = new (url: string, protocols: readonly string[], options: object) => NodeSocket

const OPEN = 1

/** Gives the settings with a clock whose timers keep no process alive, if that is asked for. */
export function withUnref<T extends { readonly unref: boolean; readonly clock: Clock }>(settings: T): T {
  return settings.unref ? { ...settings, clock: unrefClock(settings.clock) } : settings
}

/** Tells whether the platform's socket can send headers: it is `ws`. */
export const sendsHeaders: boolean = typeof Native?.prototype.terminate === 'function'

const node = globalThis as { readonly process?: { readonly versions?: { readonly bun?: string } } }

/** Bun has a `ws` of its own, which never shows a stream and warns of being asked for it. */
const Gathering =
  sendsHeaders && node.process?.versions?.bun === undefined ? gathering(Native as NodeSocketClass) : undefined

const { Buffer } = globalThis as unknown as { readonly Buffer: { from(text: string): never } }

/** Up to this many characters a copy costs less than a buffer more to write. */
const SHORT_TEXT = 1_024

const asText = { binary: false }

/** Makes a `ws` whose messages of one turn leave in one system call: writing is most of what a small message costs. */
function gathering(Base: NodeSocketClass): NodeSocketClass {
  return class GatheringSocket extends Base {
    #writes: GatheredWrites | undefined

    constructor(url: string, protocols: readonly string[], options: object) {
      super(url, protocols, options)
      // `ws` shows the stream only here.
      this.once('upgrade', (response: { readonly socket: CorkableStream }) => {
        this.#writes = new GatheredWrites(response.socket)
      })
    }

    override send(data: never): void {
      this.#writes?.before()
      // As bytes that it may not change, `ws` puts a message and its head into one buffer: for a short one that is the least work.
      if (typeof data === 'string' && (data as string).length < SHORT_TEXT)
        super.send(Buffer.from(data), asText)
      else super.send(data)
      this.#writes?.after()
    }

    override terminate(): void {
      this.#writes?.flush()
      super.terminate()
    }
  }
}

/** @throws TypeError when `value` is given and is no object of strings */
export function parseHeaders(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined
  const texts =
    typeof value === 'object' && value && Object.values(value).every((text) => typeof text === 'string')
  must(texts, TypeError, 'headers', 'an object of strings', 'something else')
  return value as Readonly<Record<string, string>>
}

/** Makes the platform's socket: `ws` in Node, without compression; the platform's own elsewhere. */
export const createNativeSocket: CreateSocket = (url, protocols, { headers }) => {
  if (!Native) throw new HoldfastError('dial', 'WebSocket: this platform has none, give createSocket')
  return sendsHeaders
    ? new (Gathering ?? Native)(url, protocols, { headers, perMessageDeflate: false, followRedirects: false })
    : new Native(url, [...protocols])
}

/**
 * Listens for messages. `bytes` is the size of a text as UTF-8, where the platform knows it: `ws` does, and to be asked for events
 * costs it more than to be asked for what it has.
 */
export function listenForMessages(
  socket: SocketLike,
  scope: Scope,
  run: (data: unknown, bytes?: number) => void,
): void {
  if (!Gathering || !(socket instanceof Gathering)) {
    scope.listen(socket, 'message', ({ data }: { readonly data: unknown }) => run(data))
    return
  }
  const message = (data: { readonly length: number; toString(): string }, isBinary: boolean) =>
    isBinary ? run(data) : run(data.toString(), data.length)
  socket.on('message', message)
  scope.hold('listeners', () => socket.off('message', message))
}

/** Watches what only `ws` tells; for any other socket it does nothing. */
export function watchNodeSocket(
  socket: SocketLike,
  scope: Scope,
  events: SocketEvents,
  unref: boolean,
): Ping | undefined {
  if (!isNodeSocket(socket)) return undefined
  const on = (type: string, run: (...args: never) => void) => {
    socket.on(type, run)
    scope.hold('listeners', () => socket.off(type, run))
  }
  on('pong', (payload: { toString(): string }) => events.pong(payload.toString()))
  on('unexpected-response', (_request: unknown, response: Refusal) =>
    events.ended(refused(response, scope.clock.now())),
  )
  // `ws` shows the TCP socket only here.
  if (unref) on('upgrade', (response: { readonly socket: { unref(): void } }) => response.socket.unref())
  return (payload) => socket.ping(payload)
}

/** Ends a `ws` socket at once. Returns false for any other, which can only be closed. */
export function terminate(socket: SocketLike): boolean {
  if (!isNodeSocket(socket)) return false
  // `ws` emits `error` when it is closed while connecting; without a listener that would end the process.
  socket.addEventListener('error', () => {})
  // The close frame is a courtesy to a server that is alive; nobody waits for its answer.
  if (socket.readyState === OPEN) socket.close()
  socket.terminate()
  return true
}

/** Gives a socket that is wrapped around another what only `ws` can do, where the one below can. */
export function handThrough(below: SocketLike, around: SocketLike): void {
  if (!isNodeSocket(below)) return
  for (const name of ['ping', 'terminate', 'on', 'off'] as const) {
    Object.assign(around, { [name]: below[name].bind(below) })
  }
}

function isNodeSocket(socket: SocketLike): socket is NodeSocket {
  return 'terminate' in socket && 'ping' in socket && 'on' in socket
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type ChaosOptions, type ChaosProxy, type LogEntry, startChaos } from '../src/index.ts'

/** A socket that remembers what happened to it. */
export interface Peer {
  readonly socket: Socket
  /** `end` and `close`, or the code of an error, in order. */
  readonly events: string[]
  /** Everything received so far. */
  received(): Buffer
  /** Resolves when so many bytes were received. */
  bytes(count: number): Promise<Buffer>
  /** Resolves when the event is in `events`. */
  saw(event: string): Promise<void>
}

export function watch(socket: Socket): Peer {
  const chunks: Buffer[] = []
  let length = 0
  const events: string[] = []
  const checks = new Set<() => void>()
  const changed = () => {
    for (const check of Array.from(checks)) check()
  }
  const until = (test: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!test()) return
        checks.delete(check)
        resolve()
      }
      checks.add(check)
      check()
    })
  const note = (event: string) => {
    events.push(event)
    changed()
  }
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    length += chunk.length
    changed()
  })
  socket.on('end', () => note('end'))
  socket.on('error', (error: NodeJS.ErrnoException) => note(error.code ?? error.message))
  socket.on('close', () => note('close'))
  const received = () => Buffer.concat(chunks)
  return {
    socket,
    events,
    received,
    bytes: async (count) => {
      await until(() => length >= count)
      return received()
    },
    saw: (event) => until(() => events.includes(event)),
  }
}

/** A server that keeps every connection, for tests that play both ends. */
export class Target {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #accepted: Peer[] = []
  readonly #waiting: ((peer: Peer) => void)[] = []

  private constructor(onSocket?: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      const peer = watch(socket)
      onSocket?.(socket)
      const next = this.#waiting.shift()
      if (next === undefined) this.#accepted.push(peer)
      else next(peer)
    })
  }

  static async start(onSocket?: (socket: Socket) => void): Promise<Target> {
    const target = new Target(onSocket)
    target.#server.listen(0, '127.0.0.1')
    await once(target.#server, 'listening')
    return target
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves with the next connection, first come first. */
  next(): Promise<Peer> {
    const peer = this.#accepted.shift()
    return peer === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

export const echo = (socket: Socket) => void socket.pipe(socket)

/** Starts a proxy in front of a target. */
export function before(
  target: { port: number },
  options: Omit<ChaosOptions, 'target'> = {},
): Promise<ChaosProxy> {
  return startChaos({ control: false, seed: 1, ...options, target: { host: '127.0.0.1', port: target.port } })
}

/** Dials; the promise resolves also when the dial fails. The caller destroys the socket. */
export async function dial(port: number): Promise<Peer & AsyncDisposable> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  const peer = watch(socket)
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve())
    socket.once('error', () => resolve())
  })
  return {
    ...peer,
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
      await peer.saw('close')
    },
  }
}

/** Resolves with the first event, past or future, of that name (and connection). */
export function event(proxy: ChaosProxy, name: LogEntry['event'], connection?: number): Promise<LogEntry> {
  const matches = (entry: LogEntry) =>
    entry.event === name &&
    (connection === undefined || ('connection' in entry && entry.connection === connection))
  const past = proxy.log.find(matches)
  if (past !== undefined) return Promise.resolve(past)
  return new Promise((resolve) => {
    const undo = proxy.onEvent((entry) => {
      if (!matches(entry)) return
      undo()
      resolve(entry)
    })
  })
}

/** Bytes that show any loss, repetition or change of order. */
export function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8)) & 0xff
  return bytes
}

import { once } from 'node:events'
import { WebSocket } from 'ws'
import {
  type ClientAction,
  ClientCore,
  type ClientOptions,
  type Outgoing,
  type Payload,
  clientFrames,
  decodeText,
  encodeControl,
  encodeText,
  type Hello,
  resolveClientOptions,
  serverFrames,
  utf8Bytes,
} from '@holdfast/protocol'
import { afterwards, until } from './running.ts'

type Of<Type> = Extract<ClientAction<Outgoing>, { type: Type }>

let lastId = 0

/** Makes an entry for a message. */
export function entry(payload: Payload): Outgoing {
  return { payload, bytes: typeof payload === 'string' ? utf8Bytes(payload) : payload.byteLength }
}

/** The protocol's own client core on real sockets: connects when told, and resumes when told again. */
export class SessionClient {
  readonly core: ClientCore<Outgoing>
  readonly log: ClientAction<Outgoing>[] = []
  readonly received: Payload[] = []
  readonly closes: number[] = []
  /** Every frame that came in, also those of connections that were left. */
  readonly frames: Payload[] = []
  /** Where the next connection goes. */
  url: string
  readonly #queue: Outgoing[] = []
  readonly #timers = new Map<string, NodeJS.Timeout>()
  socket: WebSocket | undefined
  #attempt = 0

  constructor(url: string, options: Partial<ClientOptions> = {}) {
    this.url = url
    this.core = new ClientCore(resolveClientOptions({ cid: `client-${(lastId += 1)}`, ...options }))
    afterwards(() => this.end())
  }

  /** Opens a connection and says HELLO on it. Resolves once the socket is open. */
  async open(auth?: unknown, headers: Record<string, string> = {}): Promise<WebSocket> {
    const socket = new WebSocket(this.url, ['holdfast.v1'], { headers })
    socket.on('error', () => {})
    afterwards(() => socket.terminate())
    await once(socket, 'open')
    this.socket = socket
    const attempt = this.core.begin(auth)
    this.#attempt = attempt
    socket.on('message', (data: Buffer, isBinary) => {
      const payload = isBinary ? data : data.toString()
      this.frames.push(payload)
      if (typeof payload === 'string') this.core.text(attempt, payload)
      else this.core.binary(attempt, payload)
      this.run()
    })
    socket.on('close', (code) => {
      this.closes.push(code)
      this.core.closed(attempt, code)
      this.run()
    })
    this.run()
    return socket
  }

  /** Opens a connection and waits for the WELCOME on it. */
  async connect(auth?: unknown, headers: Record<string, string> = {}): Promise<Of<'welcomed'>> {
    const before = this.all('welcomed').length
    await this.open(auth, headers)
    await until(() => this.all('welcomed').length > before)
    const welcomed = this.all('welcomed').at(-1)
    if (welcomed === undefined) throw new Error('not welcomed')
    return welcomed
  }

  /** Cuts the connection, as a network does, and waits until this end knows. */
  async cut(): Promise<void> {
    const { socket } = this
    if (socket === undefined || socket.readyState === socket.CLOSED) return
    const closed = once(socket, 'close')
    socket.terminate()
    await closed
  }

  /** Queues a message; it is numbered as soon as the window lets it. */
  send(payload: Payload): void {
    this.#queue.push(entry(payload))
    this.#pump()
    this.run()
  }

  /** Sends a frame past the core. */
  raw(data: Payload): void {
    this.socket?.send(data)
  }

  all<Type extends ClientAction<Outgoing>['type']>(type: Type): Of<Type>[] {
    return this.log.filter((action): action is Of<Type> => action.type === type)
  }

  /** Payloads that the server has acknowledged. */
  get acked(): Payload[] {
    return this.all('acked').flatMap(({ entries }) => entries.map(({ payload }) => payload))
  }

  /** The ERROR frames that came in. */
  get errors() {
    return this.frames.flatMap((frame) => {
      const decoded =
        typeof frame === 'string' ? decodeText(frame, { ...clientFrames, ...serverFrames }) : frame
      return typeof decoded === 'object' && 'kind' in decoded && decoded.kind === 'error' ? [decoded] : []
    })
  }

  end(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.socket?.terminate()
  }

  run(): void {
    for (let action = this.core.next(); action !== undefined; action = this.core.next()) {
      this.log.push(action)
      this.#perform(action)
    }
  }

  #pump(): void {
    if (this.socket) this.core.buffered(this.socket.bufferedAmount)
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const answer = this.core.offer(first)
      if (answer === 'not-live' || answer === 'window') return
      if (answer === 'too-large') throw new Error('too large')
      this.#queue.shift()
    }
  }

  #perform(action: ClientAction<Outgoing>): void {
    switch (action.type) {
      case 'send':
        if (action.attempt === this.#attempt) this.socket?.send(action.data)
        return
      case 'close':
        if (action.attempt === this.#attempt) this.socket?.close(action.code)
        return
      case 'arm':
        this.#arm(action.timer.name, action.delayMs)
        return
      case 'disarm':
        clearTimeout(this.#timers.get(action.timer.name))
        this.#timers.delete(action.timer.name)
        return
      case 'welcomed':
      case 'acked':
      case 'room':
        this.#pump()
        return
      case 'deliver':
        this.received.push(action.payload)
        return
      default:
    }
  }

  #arm(timer: 'ack' | 'drain' | 'linger', delayMs: number): void {
    clearTimeout(this.#timers.get(timer))
    const handle = setTimeout(() => {
      this.#timers.delete(timer)
      this.core.due(timer, this.socket?.bufferedAmount)
      this.run()
    }, delayMs)
    this.#timers.set(timer, handle)
  }
}

/** A HELLO as it goes over the wire, for clients that are no clients. */
export function helloText(overrides: Partial<Omit<Hello, 'kind'>> = {}): string {
  return encodeControl({
    kind: 'hello',
    v: [1],
    sid: null,
    tok: null,
    att: 1,
    rx: 0,
    ack: 0,
    max: 1_048_576,
    win: [1_024, 4_194_304],
    cid: 'raw',
    ext: ['auth'],
    ...overrides,
  })
}

/** A bare socket that speaks frames by hand, and what it received. */
export async function rawClient(url: string) {
  const socket = new WebSocket(url, ['holdfast.v1'])
  const frames: Payload[] = []
  socket.on('error', () => {})
  socket.on('message', (data: Buffer, isBinary) => frames.push(isBinary ? data : data.toString()))
  const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)))
  afterwards(() => socket.terminate())
  await once(socket, 'open')
  const controls = () =>
    frames.flatMap((frame) => {
      const decoded =
        typeof frame === 'string' ? decodeText(frame, { ...clientFrames, ...serverFrames }) : frame
      return typeof decoded === 'object' && 'kind' in decoded && decoded.kind !== 'violation' ? [decoded] : []
    })
  return { socket, frames, closed, controls, data: (text: string) => socket.send(encodeText(text)) }
}

import type { Duplex } from 'node:stream'
import { Emitter, guard, type Release, type Scope } from '@holdfast/lifetime'
import { GatheredWrites } from '@holdfast/mailbox'
import type { WebSocket } from 'ws'
import { checkClose } from './close-code.ts'
import type { Connection, ConnectionClosed, ConnectionEvents, Handler, SendResult } from './connection.ts'
import type { ConnectionRequest } from './connection-request.ts'
import type { CloseCause, Tally } from './counters.ts'
import { FrameMeter } from './frame-meter.ts'
import { watchIdle } from './idle-watch.ts'
import { shown } from './option-checks.ts'
import type { ResolvedOptions } from './options.ts'
import { watchPings } from './ping-watch.ts'
import type { ConnectionDriver, DrivenConnection } from './session-service.ts'
import type { LastText } from './last-text.ts'

/** What a connection is made of. */
export interface ConnectionParts {
  readonly id: string
  readonly request: ConnectionRequest
  readonly webSocket: WebSocket
  /** The TCP or TLS connection underneath. */
  readonly socket: Duplex
  /** Everything the connection owns; ended by it after `closed` was told. */
  readonly life: Scope
  readonly options: ResolvedOptions
  readonly tally: Tally
  readonly report: (error: unknown) => void
  /** The text that was encoded last, by whichever connection. */
  readonly lastText: LastText
  /** Runs when the client has answered a ping. */
  readonly onPong: (rttMs: number) => void
  /** Runs once, after the end, before users hear of it. */
  readonly onClosed: (closed: ConnectionClosed) => void
}

type Phase =
  | { readonly name: 'open' }
  | { readonly name: 'closing'; readonly cause: CloseCause }
  | { readonly name: 'closed' }

/** Time for a client that was asked to come back on another connection. */
const LEAVE_GRACE_MS = 5_000

/**
 * Answers to pings that wait to be written. A client that asks faster than it can be answered would fill the memory with answers;
 * `ws` would cut it without a word.
 */
const MAX_WAITING_PONGS = 60

/** Time for a flooder to get the close frame; what it sends is not read any more. */
const FLOOD_CUT_MS = 1_000

/** A connection on a socket of `ws`. */
export class ServerConnection implements Connection, DrivenConnection {
  readonly id: string
  readonly request: ConnectionRequest
  readonly #parts: ConnectionParts
  readonly #events: Emitter<ConnectionEvents>
  readonly #openedAtMs: number
  readonly #meter: FrameMeter
  readonly #writes: GatheredWrites
  #phase: Phase = { name: 'open' }
  #flow: 'flowing' | 'backed-up' = 'flowing'
  #signOfLife: () => void = () => {}
  /** When the ping went out that has no answer yet. */
  #pingedAtMs: number | undefined
  #waitingPongs = 0
  #driver: ConnectionDriver | undefined

  constructor(parts: ConnectionParts) {
    this.id = parts.id
    this.request = parts.request
    this.#parts = parts
    this.#events = new Emitter(parts.life, parts.report)
    this.#openedAtMs = parts.life.clock.monotonicMs()
    this.#meter = new FrameMeter(parts.options, parts.life.clock)
    this.#writes = new GatheredWrites(parts.socket)
    this.#listen()
    this.#watch()
  }

  get protocol(): string {
    return this.#parts.webSocket.protocol
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#phase.name
  }

  get bufferedBytes(): number {
    return this.#parts.webSocket.bufferedAmount
  }

  on<Type extends keyof ConnectionEvents>(
    type: Type,
    handler: (event: ConnectionEvents[Type]) => unknown,
  ): Release {
    return this.#events.on(type, handler)
  }

  send(data: string | ArrayBuffer | ArrayBufferView): SendResult {
    if (typeof data !== 'string' && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
      throw new TypeError(`data: must be a string, an ArrayBuffer or a view of one, received ${shown(data)}`)
    }
    const { webSocket, options, tally, lastText } = this.#parts
    if (this.#phase.name !== 'open' || webSocket.readyState !== webSocket.OPEN) return 'closed'
    if (webSocket.bufferedAmount > options.maxBufferedBytes) {
      this.cut('slow-consumer')
      return 'closed'
    }
    const bytes = typeof data === 'string' ? lastText.encode(data) : data
    tally.messagesOut += 1
    tally.bytesOut += bytes.byteLength
    this.#writes.before()
    webSocket.send(bytes, { binary: typeof data !== 'string' }, () => this.#written())
    this.#writes.after()
    if (webSocket.bufferedAmount > options.highWaterMarkBytes) this.#flow = 'backed-up'
    return this.#flow === 'flowing' ? 'sent' : 'backed-up'
  }

  close(code = 1000, reason = ''): void {
    checkClose('code', code, 'reason', reason)
    this.end('handler', code, reason)
  }

  terminate(cause: 'handler' | 'slow-consumer' = 'handler'): void {
    this.cut(cause)
  }

  pause(): void {
    this.#parts.webSocket.pause()
  }

  resume(): void {
    this.#parts.webSocket.resume()
  }

  /** Hands the connection to a driver: messages go there, and are not told to listeners. */
  drive(accept: (connection: DrivenConnection) => ConnectionDriver): void {
    this.#driver = accept(this)
  }

  /** Hands the connection to its user; a handler that fails ends it. */
  serve(handler: Handler): void {
    const failed = (error: unknown) => {
      this.#parts.report(error)
      this.end('handler-failed', 1011, '')
    }
    void guard(handler, failed, this)
  }

  /** Starts the close handshake for a cause. Without a code the close frame is empty. Later causes change nothing. */
  end(cause: CloseCause, code?: number, reason = ''): void {
    if (this.#phase.name !== 'open') return
    this.#phase = { name: 'closing', cause }
    const { webSocket } = this.#parts
    webSocket.close(code, code === undefined ? undefined : reason)
    // A paused connection would never read the client's answer.
    webSocket.resume()
  }

  /** As `end`, after a while. */
  endAfter(delayMs: number, cause: CloseCause, code: number): void {
    this.#parts.life.timeout(delayMs, () => this.end(cause, code))
  }

  /** Cuts the connection for a cause; `stop-forced` takes the place of an earlier one. */
  cut(cause: CloseCause, how: () => void = () => this.#parts.webSocket.terminate()): void {
    if (this.#phase.name === 'closed') return
    if (this.#phase.name === 'open' || cause === 'stop-forced') this.#phase = { name: 'closing', cause }
    this.#writes.flush()
    how()
  }

  #listen(): void {
    const { webSocket, socket, tally } = this.#parts
    // Any byte is a sign of life: one large message on a slow line takes longer than a pong may.
    socket.on('data', () => this.#signOfLife())
    webSocket.on('message', (raw, isBinary) => {
      const bytes = raw as Buffer
      const isControl = this.#driver !== undefined && !isBinary && isControlText(bytes)
      if (!this.#meter.take(isControl ? 'control' : 'message')) return this.#flooded()
      tally.messagesIn += 1
      tally.bytesIn += bytes.byteLength
      const data = isBinary ? bytes : bytes.toString()
      if (this.#driver === undefined) void this.#events.emit('message', data)
      else this.#driver.message(data, bytes.byteLength)
      return undefined
    })
    webSocket.on('ping', (data) => {
      if (!this.#meter.take('control') || this.#waitingPongs >= MAX_WAITING_PONGS) return this.#flooded()
      if (this.#phase.name !== 'open') return undefined
      this.#waitingPongs += 1
      webSocket.pong(data, false, () => (this.#waitingPongs -= 1))
      return undefined
    })
    webSocket.on('pong', () => {
      if (!this.#meter.take('control')) return this.#flooded()
      return this.#answered()
    })
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      // Other errors are those of the connection itself; `close` follows and says that it is lost.
      if (this.#phase.name !== 'open' || !error.code?.startsWith('WS_ERR_')) return
      const cause = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'too-large' : 'protocol-error'
      this.#phase = { name: 'closing', cause }
    })
    webSocket.on('close', (code, reason) => this.#closed(code, reason.toString()))
  }

  #watch(): void {
    const { life, options, webSocket } = this.#parts
    const isReading = () => !webSocket.isPaused || this.#flow === 'backed-up'
    const heardForIdle = watchIdle(life, {
      idleTimeoutMs: options.idleTimeoutMs,
      isReading,
      onIdle: () => this.end('idle', 1001, 'idle'),
    })
    const heardForPing = watchPings(life, {
      pingIntervalMs: options.pingIntervalMs,
      pongTimeoutMs: options.pongTimeoutMs,
      isReading,
      ping: () => {
        if (this.#driver?.ping()) return
        this.#pingedAtMs = life.clock.monotonicMs()
        webSocket.ping()
      },
      onDead: () => this.cut('dead-peer'),
    })
    // Connections that began together are not to end together.
    life.timeout(options.maxConnectionMs * (0.8 + 0.4 * Math.random()), () => this.#expire())
    this.#signOfLife = () => {
      heardForIdle()
      heardForPing()
    }
  }

  /** Asks the client to come back on another connection, so that no connection lives for ever. */
  #expire(): void {
    const cause = 'max-lifetime'
    if (this.#driver?.leave()) this.#parts.life.timeout(LEAVE_GRACE_MS, () => this.end(cause, 1001, cause))
    else this.end(cause, 1001, cause)
  }

  #answered(): void {
    const { life, onPong } = this.#parts
    if (this.#pingedAtMs !== undefined) onPong(life.clock.monotonicMs() - this.#pingedAtMs)
    this.#pingedAtMs = undefined
  }

  #flooded(): void {
    if (this.#phase.name !== 'open') return
    this.end('flood', 4429, 'too many frames')
    this.#parts.webSocket.pause()
    this.#parts.life.timeout(FLOOD_CUT_MS, () => this.cut('flood'))
  }

  #written(): void {
    this.#driver?.written()
    if (this.#flow === 'flowing' || this.#phase.name === 'closed') return
    // With more waiting than the system takes, what gets written was taken by the client: it lives, only slowly. Node tells
    // it for each batch of writes, so a handler that goes on sending while backed up makes such a client look dead.
    this.#signOfLife()
    const { webSocket, options } = this.#parts
    if (webSocket.bufferedAmount > options.highWaterMarkBytes / 2) return
    this.#flow = 'flowing'
    void this.#events.emit('drained', undefined)
  }

  #closed(code: number, reason: string): void {
    const { life, onClosed } = this.#parts
    const phase = this.#phase
    this.#phase = { name: 'closed' }
    const cause = phase.name === 'closing' ? phase.cause : code === 1006 ? 'lost' : 'peer'
    const durationMs = Math.round(life.clock.monotonicMs() - this.#openedAtMs)
    const closed: ConnectionClosed = { cause, code, reason, durationMs }
    this.#driver?.closed()
    onClosed(closed)
    void this.#events.emit('closed', closed)
    life.end()
  }
}

/** DLE and a letter: a frame of the protocol, and no message (PROTOCOL.md, 1.3). */
function isControlText(bytes: Buffer): boolean {
  return bytes[0] === 0x10 && bytes[1] !== 0x10
}

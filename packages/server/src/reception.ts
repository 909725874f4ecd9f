import type { IncomingMessage } from 'node:http'
import { WebSocketServer, type ServerOptions as WsOptions } from 'ws'
import type { Connection, ConnectionClosed } from './connection.ts'
import type { Tally } from './counters.ts'
import { deflateSettings } from './deflate.ts'
import type { Visit } from './gate.ts'
import { acceptMute, misbehave } from './misbehave.ts'
import { LastText } from './last-text.ts'
import type { ResolvedOptions } from './options.ts'
import { ServerConnection } from './server-connection.ts'
import type { OpenSessions } from './session-service.ts'

/** What the reception works with. */
export interface ReceptionParts {
  readonly options: ResolvedOptions
  readonly tally: Tally
  /** Takes the connections of its subprotocol. */
  readonly sessions: { readonly protocol: string; readonly open: OpenSessions } | undefined
  readonly report: (error: unknown) => void
  /** Runs for each connection before its handler does. */
  readonly onOpened: (connection: Connection) => void
  readonly onPong: (rttMs: number) => void
  readonly onClosed: (connection: Connection, closed: ConnectionClosed) => void
  /** Cuts what cannot be asked to close, when the server stops. */
  readonly holdUntilClose: (life: Visit['life']) => void
}

/** Makes connections of the visits that were let in, and knows all that live. */
export class Reception {
  readonly #parts: ReceptionParts
  readonly #connections = new Set<ServerConnection>()
  readonly #protocols = new WeakMap<IncomingMessage, string>()
  readonly #webSockets: WebSocketServer
  /** As the other, with room for what must be read before it can be called too large. */
  readonly #sessionWebSockets: WebSocketServer | undefined
  readonly #lastText = new LastText()
  #lastId = 0

  constructor(parts: ReceptionParts) {
    this.#parts = parts
    this.#webSockets = this.#accepting(parts.options.maxPayloadBytes)
    if (parts.sessions) this.#sessionWebSockets = this.#accepting(parts.sessions.open.maxPayloadBytes)
  }

  #accepting(maxPayload: number): WebSocketServer {
    const { perMessageDeflate, closeTimeoutMs } = this.#parts.options
    const settings: WsOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload,
      perMessageDeflate: deflateSettings(perMessageDeflate),
      closeTimeout: closeTimeoutMs,
      // Answered by the connection, which tells a client that floods it why it has to go.
      autoPong: false,
      handleProtocols: (_offered, message) => this.#protocols.get(message) || false,
    }
    return new WebSocketServer(settings)
  }

  /** The connections that live now, oldest first. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }

  /** Accepts a visit. */
  receive(visit: Visit, protocol: string): void {
    const { message, socket, head, asked } = visit
    if (asked.mute) return this.#receiveMute(visit, protocol)
    this.#protocols.set(message, protocol)
    const webSockets = (this.#speaksSessions(protocol) && this.#sessionWebSockets) || this.#webSockets
    webSockets.handleUpgrade(message, socket, head, (webSocket) => {
      visit.handOver()
      this.#lastId += 1
      const { request, life } = visit
      const { options, tally, report, onPong } = this.#parts
      const lastText = this.#lastText
      const parts = { request, life, options, tally, report, onPong, webSocket, socket, lastText }
      const connection = new ServerConnection({
        ...parts,
        id: `c${this.#lastId}`,
        onClosed: (closed) => this.#leave(connection, closed),
      })
      this.#enter(connection, visit)
    })
    return undefined
  }

  /**
   * Starts the close handshake with everyone, each at a random moment within `spreadMs`, but for those of sessions, who are
   * asked to go.
   */
  closeAll(code: number, spreadMs: number): void {
    const plain = [...this.#connections].filter(({ protocol }) => !this.#speaksSessions(protocol))
    for (const [index, connection] of plain.entries()) {
      if (spreadMs === 0) connection.end('stop', code)
      else connection.endAfter(((index + Math.random()) * spreadMs) / plain.length, 'stop', code)
    }
  }

  /** Cuts everyone who is left. */
  cutAll(): void {
    for (const connection of this.#connections) connection.cut('stop-forced')
  }

  #enter(connection: ServerConnection, visit: Visit): void {
    this.#connections.add(connection)
    this.#parts.tally.opened += 1
    this.#parts.onOpened(connection)
    if (!misbehave(connection, visit.asked, visit)) return
    const { sessions, options } = this.#parts
    if (sessions?.protocol === connection.protocol) {
      connection.drive((driven) => sessions.open.accept(driven))
    } else connection.serve(options.handler)
  }

  #speaksSessions(protocol: string): boolean {
    return this.#parts.sessions?.protocol === protocol
  }

  #leave(connection: ServerConnection, closed: ConnectionClosed): void {
    this.#connections.delete(connection)
    this.#parts.tally.closed[closed.cause] += 1
    this.#parts.onClosed(connection, closed)
  }

  #receiveMute({ socket, head, request, life }: Visit, protocol: string): void {
    const { tally, holdUntilClose } = this.#parts
    tally.opened += 1
    life.defer(() => {
      tally.closed.misbehaviour += 1
    })
    holdUntilClose(life)
    acceptMute(socket, head, request, protocol)
  }
}

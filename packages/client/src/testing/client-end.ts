import type { Clock } from '@holdfast/lifetime'
import type { SocketLike } from '../socket-like.ts'
import type { ServerSocket } from './server-socket.ts'

interface EventLike {
  readonly type: string
  readonly [field: string]: unknown
}

/** How long browsers wait for the server's close frame. */
const CLOSING_MS = 60_000

/** The client's end of a connection in memory: what a browser's WebSocket does, in virtual time. */
export class ClientEnd implements SocketLike {
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'blob'
  readonly server: ServerSocket
  readonly #clock: Clock
  readonly #latencyMs: number
  readonly #listeners = new Map<string, Set<(event: EventLike) => void>>()
  readonly #received: unknown[] = []
  readonly #onMessage: ((data: unknown) => void)[] = []
  #link: 'up' | 'frozen' = 'up'
  #serverClosed: { readonly code: number; readonly reason: string } | undefined

  constructor(clock: Clock, latencyMs: number, url: string, protocols: readonly string[]) {
    this.#clock = clock
    this.#latencyMs = latencyMs
    this.server = this.#serverEnd(url, protocols)
  }

  addEventListener(type: string, run: (event: object) => void): void {
    const set = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, set.add(run))
  }

  removeEventListener(type: string, run: (event: object) => void): void {
    this.#listeners.get(type)?.delete(run)
  }

  /** Once the connection closes, platforms drop what is sent without a word. */
  send(data: unknown): void {
    if (this.readyState !== 1) return
    this.#carry(() => {
      this.#received.push(data)
      for (const run of this.#onMessage) run(data)
    })
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState >= 2) return
    this.readyState = 2
    this.#carry(() => {
      this.#serverClosed ??= { code, reason }
      this.#carry(() => this.#end(code, reason, true))
    })
  }

  /** Opens it; `accepted` runs just before the client is told. */
  accept(protocol: string, accepted: () => void): void {
    this.#carry(() => {
      if (this.readyState !== 0) return
      this.protocol = protocol
      this.readyState = 1
      accepted()
      this.#emit({ type: 'open' })
    })
  }

  /** Fails it, as when nobody listens at that address. */
  refuse(): void {
    this.#carry(() => this.#end(1006, '', false))
  }

  #serverEnd(url: string, protocols: readonly string[]): ServerSocket {
    const closedAs = () => this.#serverClosed
    return {
      url,
      protocols,
      received: this.#received,
      get closed() {
        return closedAs()
      },
      send: (data) =>
        this.#carry(() => {
          if (this.readyState === 1) this.#emit({ type: 'message', data })
        }),
      close: (code = 1000, reason = '') => {
        this.#serverClosed ??= { code, reason }
        this.#carry(() => this.#end(code, reason, true))
      },
      cut: () => {
        this.#serverClosed ??= { code: 1006, reason: '' }
        this.#carry(() => this.#end(1006, '', false))
      },
      freeze: () => {
        this.#link = 'frozen'
      },
      onMessage: (run) => {
        this.#onMessage.push(run)
      },
    }
  }

  /** Carries something to the other end, unless the link is frozen by then. */
  #carry(arrive: () => void): void {
    this.#clock.setTimeout(() => {
      if (this.#link === 'up') arrive()
      else if (this.readyState === 2) this.#clock.setTimeout(() => this.#end(1006, '', false), CLOSING_MS)
    }, this.#latencyMs)
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === 3) return
    this.readyState = 3
    if (!wasClean) this.#emit({ type: 'error' })
    this.#emit({ type: 'close', code, reason, wasClean })
  }

  #emit(event: EventLike): void {
    for (const run of this.#listeners.get(event.type) ?? []) run(event)
  }
}

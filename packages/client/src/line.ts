import { platform, type Scope } from '@holdfast/lifetime'
import ReconnectingWebSocket from 'reconnecting-websocket'

/** One connection to make: where to, and the function that makes the socket and never throws. */
export interface Dial {
  readonly url: string
  readonly open: () => void
}

/**
 * Keeps getting connections: the only file that knows `reconnecting-websocket`. When a connection is gone that library
 * asks for a URL; the answer is given when the session says it is time. So waiting, pausing, admission and credentials all
 * live in an answer not yet given, and the library owns no timer, no queue and no listener of ours.
 */
export class Line {
  readonly #library: ReconnectingWebSocket
  #answer: ((url: string) => void) | undefined
  #dial: Dial | undefined
  #facade: Facade | undefined

  constructor(scope: Scope) {
    const take = (facade: Facade) => this.#take(facade)
    this.#library = new ReconnectingWebSocket(() => this.#asked(), [], {
      WebSocket: class extends Facade {
        constructor() {
          super(take)
        }
      },
      startClosed: true,
      minUptime: 0,
    })
    // Its own wait before each dial is a real timer whatever the delay; ours is the only clock.
    ;(this.#library as unknown as { _wait: () => Promise<void> })._wait = () => Promise.resolve()
    scope.defer(() => this.#library.close())
    this.#library.reconnect()
  }

  /** Makes this connection next. One that was to be made and has not been is forgotten. */
  dial(dial: Dial): void {
    this.#dial = dial
    this.#serve()
  }

  /** Gives up the connection made last, or the one to be made. */
  hangUp(): void {
    this.#dial = undefined
    this.#facade?.end()
    this.#facade = undefined
  }

  #asked(): Promise<string> {
    return new Promise((resolve) => {
      this.#answer = resolve
      this.#serve()
    })
  }

  #serve(): void {
    const answer = this.#answer
    if (answer === undefined || this.#dial === undefined) return
    this.#answer = undefined
    answer(this.#dial.url)
  }

  /** Between the answer and the moment at which the library makes its socket the world may have moved on. */
  #take(facade: Facade): void {
    const dial = this.#dial
    this.#dial = undefined
    if (dial === undefined) return facade.end()
    this.#facade = facade
    dial.open()
  }
}

/**
 * What the library holds instead of a socket: it says `open` at once, so that the library ends its own timeout, and
 * `close` when the session gave the connection up, so that the library asks for the next URL.
 */
class Facade {
  static readonly CLOSING = 2
  readyState = 1
  readonly #listeners = new Map<string, (event: object) => void>()

  constructor(take: (facade: Facade) => void) {
    take(this)
    this.#later('open')
  }

  addEventListener(type: string, run: (event: object) => void): void {
    this.#listeners.set(type, run)
  }

  removeEventListener(type: string): void {
    this.#listeners.delete(type)
  }

  /** Called by the library when it is closed itself: nothing to tell it then. */
  close(): void {
    this.readyState = 3
  }

  /** Tells the library that this connection is gone. */
  end(): void {
    this.readyState = 3
    this.#later('close')
  }

  /** The library registers its listeners only after the constructor, and must not be re-entered. */
  #later(type: 'open' | 'close'): void {
    platform.queueMicrotask(() => this.#listeners.get(type)?.({ type }))
  }
}

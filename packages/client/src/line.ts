import { platform, type Scope } from '@holdfast/lifetime'
import ReconnectingWebSocket from 'reconnecting-websocket'

/**
 * Keeps getting connections: the only file that knows `reconnecting-websocket`. When a connection is gone that library
 * waits before the next; the wait is over when the session says it is time. So waiting, pausing, admission and credentials
 * all live in a wait not yet over, and the library owns no timer, no queue and no listener of ours.
 */
export class Line {
  readonly #library: Library
  #goOn: (() => void) | undefined
  #dial: (() => void) | undefined
  #facade: Facade | undefined

  constructor(scope: Scope) {
    this.#library = new Library('', this, libraryOptions)
    scope.defer(() => this.#library.close())
    this.#library.reconnect()
  }

  /**
   * Makes this connection next. One that was to be made and has not been is forgotten.
   * @param dial makes the socket, and never throws
   */
  dial(dial: () => void): void {
    this.#dial = dial
    this.#serve()
  }

  /** Gives up the connection made last, or the one to be made. */
  hangUp(): void {
    this.#dial = undefined
    this.#facade?.end()
    this.#facade = undefined
  }

  /** The wait of the library before each connection: over when the session says that it is time. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
      this.#serve()
    })
  }

  /** Between the end of the wait and the moment at which the library makes its socket the world may have moved on. */
  made(facade: Facade): void {
    const dial = this.#dial
    this.#dial = undefined
    if (dial === undefined) return facade.end()
    this.#facade = facade
    dial()
  }

  #serve(): void {
    if (!this.#dial) return
    this.#goOn?.()
    this.#goOn = undefined
  }
}

/**
 * What the library holds instead of a socket: it says `open` at once, so that the library ends its own timeout, and
 * `close` when the session gave the connection up, so that the library waits for the next one.
 */
class Facade {
  static readonly CLOSING = 2
  readyState = 1
  #opened: Listener | undefined
  #closed: Listener | undefined

  /** @param line comes in the place of the protocols, which the library hands through */
  constructor(_: string, line: Line) {
    line.made(this)
    platform.queueMicrotask(() => this.readyState === 1 && this.#opened?.({}))
  }

  /** The library registers its listeners only after the constructor, and must not be re-entered. */
  addEventListener(type: string, run: Listener): void {
    if (type === 'open') this.#opened = run
    if (type === 'close') this.#closed = run
  }

  /** Called by the library before it makes the next one: there is nothing more to tell then. */
  removeEventListener(): void {}

  /** Called by the library when it is closed itself: nothing to tell it then. */
  close(): void {
    this.readyState = 3
  }

  /** Tells the library that this connection is gone. */
  end(): void {
    this.readyState = 3
    platform.queueMicrotask(() => this.#closed?.({}))
  }
}

type Listener = (event: object) => void

/** The library, with parts that its types call private. */
const Base = ReconnectingWebSocket as unknown as new (
  url: string,
  line: Line,
  options: object,
) => { readonly _protocols: Line; reconnect(): void; close(): void }

/** The library as a line needs it; there is one for every session, so it is kept small. */
class Library extends Base {
  /** Its own wait is a real timer whatever the delay; ours is the only clock. */
  _wait(): Promise<void> {
    return this._protocols.wait()
  }

  /** Called when its timers have done their work: they need not be kept, nor what nobody here makes use of. */
  _acceptOpen(): void {
    Object.assign(this, unused)
  }
}

const unused = {
  _connectTimeout: undefined,
  _uptimeTimeout: undefined,
  _handleMessage: undefined,
  _handleError: undefined,
  _messageQueue: [],
  _listeners: { open: [], close: [] },
}

const libraryOptions = { WebSocket: Facade, startClosed: true, minUptime: 0 }

import type { Scope } from '@holdfast/lifetime'
import type { ReceiptEntry } from '@holdfast/mailbox'
import type { Message } from '../message.ts'
import { handThrough, listenForMessages } from '../platform-socket.ts'
import type { SocketLike } from '../socket-like.ts'

type Listener = (event: object) => void

/** What a resumable session does with its sockets. */
export interface SocketOwner {
  /** The socket below is open. */
  dialled(socket: ResumeSocket): void
  /** A frame arrived; `bytes` is the size of a text, where it is known. */
  received(socket: ResumeSocket, data: unknown, bytes: number | undefined): void
  /** The socket below is gone. */
  gone(socket: ResumeSocket, code: number): void
  /** A message is to be sent. */
  send(socket: ResumeSocket, message: Message, receipt: ReceiptEntry | undefined): void
  /** The session is to be ended, not just this connection. */
  leave(socket: ResumeSocket, code: number, reason: string): void
  /** Bytes that wait in front of the socket below; `Infinity` when the server's window is shut. */
  waitingBytes(): number
}

/**
 * A WebSocket as a session knows it, around a real one: it opens once the server's session is found, and carries the
 * application's messages, while frames and counts stay below. So a session need not know that it is resumed.
 */
export class ResumeSocket implements SocketLike {
  readyState = 0
  protocol = ''
  binaryType = 'arraybuffer'
  /** By which number the protocol knows this connection; 0 before it is open. */
  attempt = 0
  readonly #below: SocketLike
  readonly #scope: Scope
  /** Forgotten when the socket is given up, for the platform may take a minute to close it. */
  #owner: SocketOwner | undefined
  readonly #listeners = new Map<string, Set<Listener>>()

  constructor(below: SocketLike, owner: SocketOwner, scope: Scope) {
    this.#below = below
    this.#owner = owner
    this.#scope = scope
    below.binaryType = 'arraybuffer'
    scope.listen(below, 'open', () => owner.dialled(this))
    listenForMessages(below, scope, owner.received.bind(owner, this))
    // These two stay until the socket below is really closed.
    below.addEventListener('error', (event) => this.#emit(event as { readonly type: string }))
    below.addEventListener('close', (event) => this.ended(event as CloseInfo))
    handThrough(below, this)
  }

  get bufferedAmount(): number {
    return this.#below.bufferedAmount + (this.#owner?.waitingBytes() ?? 0)
  }

  /** Bytes that the socket below has not sent yet. */
  get bufferedBelow(): number {
    return this.#below.bufferedAmount
  }

  addEventListener(type: string, run: Listener): void {
    const set = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, set.add(run))
  }

  removeEventListener(type: string, run: Listener): void {
    this.#listeners.get(type)?.delete(run)
  }

  send(message: Message): void {
    this.#owner?.send(this, message, undefined)
  }

  /** As `send`, and settles the receipt itself when the message has its fate. */
  take(message: Message, receipt: ReceiptEntry): true {
    this.#owner?.send(this, message, receipt)
    return true
  }

  /** With a code the session is ended; without one this connection is given up and the session goes on elsewhere. */
  close(code?: number, reason = ''): void {
    if (code !== undefined && this.#owner) return this.#owner.leave(this, code, reason)
    this.#letGo(1005)
    this.#below.close()
  }

  /** Sends a frame. Every frame comes this way, so that a rate limit can stand here. */
  write(data: string | Uint8Array): void {
    this.#below.send(data as never)
  }

  /** The server's session is found, or a new one was made. */
  opened(protocol: string): void {
    this.protocol = protocol
    this.readyState = 1
    this.#emit({ type: 'open' })
  }

  /** Gives a message to the session. */
  deliver(data: unknown): void {
    this.#emit({ type: 'message', data })
  }

  /** Ends this connection: closes the socket below, and tells the session why. */
  end(code: number, reason: string): void {
    this.#below.close(code, reason)
    this.ended({ code, reason, wasClean: true })
  }

  /** The connection has ended. The first end counts. */
  ended({ code, reason, wasClean }: CloseInfo): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#letGo(code)
    this.#emit({ type: 'close', code, reason, wasClean })
  }

  #letGo(code: number): void {
    const owner = this.#owner
    this.#owner = undefined
    this.#scope.end()
    owner?.gone(this, code)
  }

  #emit(event: { readonly type: string; readonly [field: string]: unknown }): void {
    for (const run of this.#listeners.get(event.type) ?? []) run(event)
  }
}

interface CloseInfo {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

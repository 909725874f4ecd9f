import { closeCode } from './close-code.ts'
import { decodeText, encodeControl } from './codec.ts'
import type { ControlFrame, Frame, Hello, Violation } from './frame.ts'
import { version } from './frame.ts'
import type { Outgoing, Payload } from './outgoing.ts'
import type { ServerAction } from './server-action.ts'
import { serverFrames } from './server-frames.ts'
import type { ServerSession } from './server-session.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** Who the sender of a HELLO is, or why it may not come in. Ids and tokens are made outside, by a good random source. */
export type Authentication =
  | {
      readonly kind: 'known'
      readonly principal: string | null
      /** Hash of the token in the HELLO; null when there was none. */
      readonly presentedHash: string | null
      /** Id for a new session, should one be needed. */
      readonly freshSid: string
      /** Token for WELCOME, and its hash for the store. */
      readonly freshToken: string
      readonly freshTokenHash: string
      /** How long the credentials hold from now, in milliseconds. */
      readonly expiresMs?: number
    }
  | Rejection

/** Why a connection is refused: a close code, and when to come back. */
export interface Rejection {
  readonly kind: 'rejected'
  readonly code: number
  readonly retryMs?: number
  readonly message?: string
}

/** The part of an authentication that is needed once the store has answered. */
export type Known = Extract<Authentication, { kind: 'known' }>

type State<Entry extends Outgoing> =
  | { readonly name: 'awaiting' }
  | { readonly name: 'authenticating'; readonly hello: Hello }
  | { readonly name: 'attaching'; readonly hello: Hello; readonly known: Known }
  | { readonly name: 'bound'; readonly session: ServerSession<Entry> }
  | { readonly name: 'closed' }

/** One physical connection of a server: from its HELLO to the session it is bound to. */
export class ServerConnection<Entry extends Outgoing> {
  readonly #id: number
  readonly #emit: (action: ServerAction<Entry>) => void
  readonly #helloTimeoutMs: number
  #state: State<Entry> = { name: 'awaiting' }

  constructor(id: number, helloTimeoutMs: number, emit: (action: ServerAction<Entry>) => void) {
    this.#id = id
    this.#emit = emit
    this.#helloTimeoutMs = helloTimeoutMs
    this.#armHello()
  }

  #armHello(): void {
    this.#emit({ type: 'arm', timer: { name: 'hello', connection: this.#id }, delayMs: this.#helloTimeoutMs })
  }

  #disarmHello(): void {
    this.#emit({ type: 'disarm', timer: { name: 'hello', connection: this.#id } })
  }

  /** What waits for the store's answer. */
  get attaching(): { readonly hello: Hello; readonly known: Known } | undefined {
    return this.#state.name === 'attaching' ? this.#state : undefined
  }

  /** The session this connection is bound to. */
  get session(): ServerSession<Entry> | undefined {
    return this.#state.name === 'bound' ? this.#state.session : undefined
  }

  text(text: string, bytes: number = utf8Bytes(text)): void {
    const frame = decodeText(text, serverFrames)
    if (typeof frame === 'string') this.data(frame, bytes - (text.length - frame.length))
    else this.#control(frame, bytes === text.length)
  }

  data(payload: Payload, bytes: number): void {
    if (this.#state.name === 'bound') this.#state.session.data(payload, bytes)
    else this.#violate('data before WELCOME')
  }

  #control(frame: Frame | Violation, isAscii: boolean): void {
    if (this.#state.name === 'bound') this.#bound(this.#state.session, frame, isAscii)
    else if (frame.kind === 'violation')
      this.#violate(frame.detail, frame.what === 'size' ? closeCode.timeout : undefined)
    else if (frame.kind === 'hello' && this.#state.name === 'awaiting') this.#hello(frame)
    else this.#violate(`${frame.kind} before WELCOME`)
  }

  #hello(hello: Hello): void {
    if (!hello.v.includes(version)) {
      this.#violate('no version in common')
      return
    }
    this.#state = { name: 'authenticating', hello }
    this.#armHello()
    this.#emit({ type: 'authenticate', connection: this.#id, hello })
  }

  #bound(session: ServerSession<Entry>, frame: Frame | Violation, isAscii: boolean): void {
    switch (frame.kind) {
      case 'ack':
      case 'ping':
      case 'pong':
        session.counts(frame)
        return
      case 'bye':
        session.bye(frame)
        return
      case 'batch':
        session.batch(frame.payloads, isAscii)
        return
      case 'error':
        session.error(frame)
        return
      case 'refresh':
        session.confirm()
        this.#emit({ type: 'reauthenticate', connection: this.#id, sid: session.sid, auth: frame.auth })
        return
      default:
        session.violate(frame.kind === 'violation' ? frame.detail : `${frame.kind} is out of place`)
    }
  }

  /** Takes the answer to `authenticate`; one that comes too late does nothing. */
  authenticated(answer: Authentication): void {
    if (this.#state.name !== 'authenticating') return
    if (answer.kind === 'rejected') {
      this.reject(answer)
      return
    }
    const { hello } = this.#state
    const { principal, presentedHash, freshSid, freshTokenHash } = answer
    this.#state = { name: 'attaching', hello, known: answer }
    this.#emit({
      type: 'attach',
      connection: this.#id,
      request: { hello, principal, presentedHash, freshSid, freshTokenHash },
    })
  }

  /** Takes the answer to `reauthenticate`. Credentials of somebody else close the connection; the session goes on without it. */
  reauthenticated(
    answer: { readonly principal: string | null; readonly expiresMs?: number } | Rejection,
  ): void {
    if (this.#state.name !== 'bound') return
    if ('kind' in answer) this.reject(answer)
    else if (answer.principal !== this.#state.session.principal)
      this.reject({ kind: 'rejected', code: closeCode.forbidden })
    else if (answer.expiresMs !== undefined) this.#send({ kind: 'expiry', exp: answer.expiresMs })
  }

  /** Notes which session this connection belongs to. */
  bind(session: ServerSession<Entry>): void {
    this.#disarmHello()
    this.#state = { name: 'bound', session }
  }

  /** Tells the client why, and closes. A session that is bound is left to be resumed. */
  reject(rejection: Omit<Rejection, 'kind'> & { readonly attempt?: number; readonly kind?: string }): void {
    const { code, retryMs, message, attempt } = rejection
    this.#send({ kind: 'error', code, retry: retryMs, msg: message, att: attempt })
    this.#emit({ type: 'close', connection: this.#id, code, reason: message ?? '' })
    this.closed()
  }

  #violate(detail: string, code: number = closeCode.protocol): void {
    if (this.#state.name !== 'closed') this.reject({ code, message: detail })
  }

  /** The HELLO timer has run out. */
  due(): void {
    if (this.#state.name === 'awaiting') this.reject({ code: closeCode.timeout, message: 'no HELLO in time' })
    else if (this.#state.name !== 'bound')
      this.#violate('not let in within the time for it', closeCode.timeout)
  }

  /** Notes that nothing on this connection counts any more, and lets go of the session. */
  closed(): void {
    const { session } = this
    if (this.#state.name !== 'bound' && this.#state.name !== 'closed') this.#disarmHello()
    this.#state = { name: 'closed' }
    if (session?.connection === this.#id) session.detach()
  }

  #send(frame: ControlFrame): void {
    this.#emit({ type: 'send', connection: this.#id, data: encodeControl(frame) })
  }
}

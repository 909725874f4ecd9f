import { closeCode } from './close-code.ts'
import type { Outgoing } from './outgoing.ts'
import type { ServerAction, ServerTimer } from './server-action.ts'
import { type ServerConfig, type ServerOptions, resolveServerOptions } from './server-config.ts'
import { type Authentication, type Rejection, ServerConnection } from './server-connection.ts'
import { ServerSession } from './server-session.ts'
import type { Attachment, Displaced, SessionRecord } from './session-store.ts'

/**
 * Decides everything the server end of `holdfast.v1` decides for all its connections and sessions, and does nothing:
 * events go in through methods, actions come out of `next()`. It knows no socket, no clock, no randomness and no store.
 *
 * After every call take actions with `next()` until it returns undefined. Connections are numbered by the caller.
 * Whatever a connection sends, nothing throws, and no session but its own is touched.
 */
export class ServerCore<Entry extends Outgoing> {
  readonly #config: ServerConfig
  readonly #actions: ServerAction<Entry>[] = []
  readonly #connections = new Map<number, ServerConnection<Entry>>()
  readonly #sessions = new Map<string, ServerSession<Entry>>()

  /** @throws `RangeError` when an option is out of range. */
  constructor(options: ServerOptions = {}) {
    this.#config = resolveServerOptions(options)
  }

  /** Takes the oldest action not yet taken; undefined when there is none. One at a time, for the reason that the client core names. */
  next(): ServerAction<Entry> | undefined {
    return this.#actions.shift()
  }

  /** Finds a session that has not ended. */
  session(sid: string): ServerSession<Entry> | undefined {
    return this.#sessions.get(sid)
  }

  /** Lists every session that has not ended. */
  sessions(): IterableIterator<ServerSession<Entry>> {
    return this.#sessions.values()
  }

  /** Finds the session a connection is bound to. */
  sessionOf(connection: number): ServerSession<Entry> | undefined {
    return this.#connections.get(connection)?.session
  }

  #emit = (action: ServerAction<Entry>): void => {
    this.#actions.push(action)
  }

  /** Takes in a connection that has just opened; its number must be new. */
  open(connection: number): void {
    this.#connections.set(
      connection,
      new ServerConnection(connection, this.#config.helloTimeoutMs, this.#emit),
    )
  }

  /** Takes a text message. `bytes` is its size as UTF-8 where the surroundings know it; otherwise it is measured. */
  text(connection: number, text: string, bytes?: number): void {
    this.#connections.get(connection)?.text(text, bytes)
  }

  /** Takes a binary message. */
  binary(connection: number, bytes: Uint8Array): void {
    this.#connections.get(connection)?.data(bytes, bytes.byteLength)
  }

  /** Notes that a connection is gone, for whatever reason: its session waits for another. */
  closed(connection: number): void {
    this.#connections.get(connection)?.closed()
    this.#connections.delete(connection)
  }

  /** Answers `authenticate`; for a connection that is gone it does nothing. */
  authenticated(connection: number, answer: Authentication): void {
    this.#connections.get(connection)?.authenticated(answer)
  }

  /** Answers `reauthenticate`. */
  reauthenticated(
    connection: number,
    answer: { readonly principal: string | null; readonly expiresMs?: number } | Rejection,
  ): void {
    this.#connections.get(connection)?.reauthenticated(answer)
  }

  /** Refuses or drops a connection with an ERROR and its code; a bound session stays and can be resumed. */
  reject(connection: number, rejection: Omit<Rejection, 'kind'>): void {
    this.#connections.get(connection)?.reject(rejection)
  }

  /** Answers `attach` with what the store returned, also when the connection has gone meanwhile. */
  attached(connection: number, attachment: Attachment<Entry>): void {
    const link = this.#connections.get(connection)
    const waiting = link?.attaching
    if ('displaced' in attachment) this.#displace(attachment.displaced)
    if (attachment.kind === 'stale') {
      link?.reject({ code: closeCode.stale, message: 'stale attempt', attempt: attachment.attempt })
      return
    }
    if (attachment.kind === 'full') {
      link?.reject({ code: closeCode.rate, message: 'too many sessions', retryMs: this.#config.ttlMs })
      return
    }
    const { record } = attachment
    const session = this.#sessionFor(record)
    if (link === undefined || waiting === undefined) {
      session.orphan(record)
      return
    }
    const { hello, known } = waiting
    const lost = attachment.kind === 'created' ? attachment.lost : undefined
    this.#alarm(hello.sid, lost?.reason)
    link.bind(session)
    session.bind(
      {
        connection,
        hello,
        token: known.freshToken,
        resumed: attachment.kind === 'resumed',
        lost,
        expiresMs: known.expiresMs,
      },
      record,
    )
  }

  /** Takes in a session that the store kept while no server was running; it waits for its client like any other. */
  restored(record: SessionRecord<Entry>): void {
    this.#sessionFor(record).restore(record)
  }

  /** Lets go of a session that another server has attached to a connection of its own. */
  moved(sid: string): void {
    this.#sessions.get(sid)?.move()
  }

  #sessionFor(record: SessionRecord<Entry>): ServerSession<Entry> {
    const known = this.#sessions.get(record.sid)
    if (known !== undefined) return known
    const session = new ServerSession<Entry>(record, {
      config: this.#config,
      emit: this.#emit,
      release: (connection) => this.closed(connection),
      forget: (sid) => this.#sessions.delete(sid),
    })
    this.#sessions.set(record.sid, session)
    return session
  }

  #displace(displaced: readonly Displaced[]): void {
    for (const { sid, reason, last } of displaced) this.#sessions.get(sid)?.end(reason, last)
  }

  #alarm(sid: string | null, reason: string | undefined): void {
    if (sid !== null && (reason === 'token' || reason === 'principal'))
      this.#emit({ type: 'alarm', sid, reason })
  }

  /** A timer that was armed has run out; with `drain`, `bufferedBytes` is what the socket's buffer holds now. */
  due(timer: ServerTimer, bufferedBytes = 0): void {
    if (timer.name === 'hello') this.#connections.get(timer.connection)?.due()
    else this.#sessions.get(timer.sid)?.due(timer.name, bufferedBytes)
  }
}

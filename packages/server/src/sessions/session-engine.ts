import type { Scope } from '@holdfast/lifetime'
import {
  type Attachment,
  MemoryStore,
  type ServerAction,
  ServerCore,
  type ServerOptions,
  type ServerTimer,
} from '@holdfast/protocol'
import type { ConnectionDriver, DrivenConnection, OpenSessions, SessionHost } from '../session-service.ts'
import type { SessionStats } from '../session-stats.ts'
import type { Verdict } from './authenticate.ts'
import { CoreTimers } from './core-timers.ts'
import type { SentMessage } from './sent-message.ts'
import { type ActionOf, SessionBook } from './session-book.ts'
import { hashOf, logNameOf, makeFreshIds } from './session-ids.ts'
import { SessionLink } from './session-link.ts'
import { SessionTally } from './session-tally.ts'
import { fitServer, type ResolvedSessionsOptions } from './sessions-options.ts'

/** Smallest limit of a WebSocket message: the first frame may have 16 KiB whatever the application's messages have. */
const MIN_FRAME_LIMIT = 32_768

/** Tombstones are remembered for one to two of these. */
const TOMBSTONE_MS = 86_400_000

const code = { superseded: 4409, unauthorized: 4401, internal: 4500, draining: 4503 } as const

type Perform = { readonly [Type in ServerAction<SentMessage>['type']]: (action: ActionOf<Type>) => void }

/** Drives the protocol's core for one server: sockets, time, randomness and the store around it. */
export class SessionEngine implements OpenSessions {
  readonly maxPayloadBytes: number
  readonly #options: ResolvedSessionsOptions
  readonly #host: SessionHost
  readonly #scope: Scope
  readonly #core: ServerCore<SentMessage>
  readonly #timers: CoreTimers
  readonly #book: SessionBook
  readonly #tally = new SessionTally()
  readonly #links = new Map<number, SessionLink>()
  /** Connections with more to write as soon as their buffer has room. */
  readonly #draining = new Set<number>()
  #lastNumber = 0
  #loop: 'free' | 'held' = 'free'

  constructor(own: ResolvedSessionsOptions, host: SessionHost) {
    const options = fitServer(own, host.options)
    this.#options = options
    this.#host = host
    this.#scope = host.scope.child()
    this.maxPayloadBytes = Math.max(2 * options.limits.maxBytes, MIN_FRAME_LIMIT)
    this.#core = new ServerCore(coreOptions(options, host))
    this.#timers = new CoreTimers(this.#scope, (timer) => this.#due(timer))
    this.#book = new SessionBook({
      core: this.#core,
      store: options.store,
      options,
      scope: this.#scope,
      tally: this.#tally,
      log: host.log,
      report: host.report,
      run: () => this.#run(),
      hold: (work) => this.#hold(work),
      nameOf: (connection) => this.#links.get(connection)?.connection.id ?? '',
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
    this.#scope.defer(() => this.end())
    if (options.store instanceof MemoryStore) this.#sweepDaily(options.store)
  }

  /** The sessions that the application knows. */
  get book(): SessionBook {
    return this.#book
  }

  accept(connection: DrivenConnection): ConnectionDriver {
    const number = (this.#lastNumber += 1)
    const link = new SessionLink({
      connection,
      scope: this.#scope.child(),
      options: this.#options,
      retryMs: this.#host.options.retryAfterMs,
      report: this.#host.report,
    })
    this.#links.set(number, link)
    this.#core.open(number)
    this.#run()
    return {
      message: (data, bytes) => {
        if (typeof data === 'string') this.#core.text(number, data, bytes)
        else this.#core.binary(number, data)
        this.#run()
      },
      written: () => this.#written(number, connection.bufferedBytes),
      ping: () => {
        this.#core.sessionOf(number)?.ping(Math.round(this.#scope.clock.monotonicMs()))
        this.#run()
      },
      closed: () => {
        link.end()
        this.#links.delete(number)
        this.#draining.delete(number)
        this.#core.closed(number)
        this.#run()
      },
    }
  }

  leave(deadlineMs: number): void {
    const spreadMs = Math.min(this.#options.leaveSpreadMs, Math.floor(deadlineMs / 2))
    for (const session of this.#core.sessions()) session.goAway({ afterMs: 0, spreadMs, why: 'stopping' })
    this.#run()
    for (const number of this.#links.keys()) if (!this.#core.sessionOf(number)) this.#sendAway(number)
    this.#scope.timeout(spreadMs, () => {
      for (const number of this.#links.keys()) this.#sendAway(number)
    })
  }

  end(): void {
    for (const session of this.#book.sessions()) session.finish({ kind: 'stopped' })
    for (const session of this.#core.sessions()) session.end('ended')
    this.#run()
    this.#scope.end()
  }

  stats(): SessionStats {
    const states = { unconfirmed: 0, attached: 0, detached: 0, closing: 0 }
    for (const { state } of this.#core.sessions()) {
      if (state !== 'ended') states[state === 'leaving' ? 'closing' : state] += 1
    }
    return this.#tally.stats({ states, heldBytes: this.#book.heldBytes })
  }

  /** Ends every session of a principal with BYE, and returns how many there were. */
  endAllOf(principal: string, byeCode: number, reason: string): number {
    const owned = [...this.#core.sessions()].filter((session) => session.principal === principal)
    for (const session of owned) {
      const known = this.#book.find(session.sid)
      if (known === undefined) session.leave(byeCode)
      else void known.close({ code: byeCode, reason })
    }
    this.#run()
    return owned.length
  }

  /** Carries out what the core asks for, in order. May be called from within: then what was asked for before comes first. */
  #run(): void {
    if (this.#loop === 'held') return
    for (let action = this.#core.next(); action !== undefined; action = this.#core.next()) {
      ;(this.#perform[action.type] as (action: ServerAction<SentMessage>) => void)(action)
    }
  }

  #hold(work: () => void): void {
    this.#loop = 'held'
    try {
      work()
    } finally {
      this.#loop = 'free'
    }
  }

  readonly #perform: Perform = {
    send: ({ connection, data }) => void this.#links.get(connection)?.connection.send(data),
    close: (action) => this.#close(action),
    arm: ({ timer, delayMs }) => this.#arm(timer, delayMs),
    disarm: ({ timer }) => void this.#timers.disarm(timer),
    authenticate: (action) => this.#authenticate(action),
    reauthenticate: (action) => void this.#reauthenticate(action),
    attach: (action) => this.#attach(action),
    store: ({ write }) => {
      this.#options.store.write(write)
      if (write.op === 'ended') this.#book.forget(write)
    },
    opened: (action) => this.#book.opened(action),
    attached: ({ sid, connection }) => this.#book.moved(sid, connection),
    detached: ({ sid }) => this.#book.moved(sid, undefined),
    deliver: ({ sid, number, payload }) => this.#book.find(sid)?.deliver(number, payload),
    acked: (action) => this.#book.acked(action),
    pong: ({ sid, value }) => {
      const rttMs = this.#scope.clock.monotonicMs() - value
      if (rttMs >= -1) this.#book.find(sid)?.heard(Math.max(0, rttMs))
    },
    // Told where the connection that caused it is known: in `#attach`.
    alarm: () => {},
    ended: (action) => this.#book.ended(action),
  }

  #close({ connection, code: closeCode, reason }: ActionOf<'close'>): void {
    const link = this.#links.get(connection)
    if (link === undefined) return
    if (closeCode === code.superseded) this.#tally.superseded()
    const cause = closeCode === code.draining ? 'stop' : 'session'
    this.#host.log('info', 'session-connection-closing', { id: link.connection.id, code: closeCode, reason })
    link.close(cause, closeCode, reason)
  }

  #authenticate({ connection, hello }: ActionOf<'authenticate'>): void {
    const link = this.#links.get(connection)
    if (link === undefined) return
    const { cid, ua, att, tok } = hello
    this.#host.log('debug', 'session-hello', { id: link.connection.id, client: cid, agent: ua, attempt: att })
    const answer = (verdict: Verdict | undefined) => {
      if (verdict === undefined) return
      if ('kind' in verdict) this.#core.authenticated(connection, verdict)
      else {
        link.expireIn(verdict.expiresMs, () => this.#expire(connection))
        const presentedHash = tok === null ? null : hashOf(tok)
        this.#core.authenticated(connection, { ...verdict, kind: 'known', presentedHash, ...makeFreshIds() })
      }
      this.#run()
    }
    const verdict = link.identify(hello.auth, 'hello')
    if (verdict instanceof Promise) void verdict.then(answer)
    else answer(verdict)
  }

  async #reauthenticate({ connection, auth }: ActionOf<'reauthenticate'>): Promise<void> {
    const link = this.#links.get(connection)
    const verdict = await link?.refresh(auth)
    if (link === undefined || verdict === undefined) return
    if (!('kind' in verdict)) link.expireIn(verdict.expiresMs, () => this.#expire(connection))
    this.#core.reauthenticated(connection, verdict)
    this.#run()
  }

  #expire(connection: number): void {
    this.#core.reject(connection, { code: code.unauthorized, message: 'the credentials have expired' })
    this.#run()
  }

  #attach({ connection, request }: ActionOf<'attach'>): void {
    try {
      const attachment = this.#options.store.attach(request)
      if ('record' in attachment) this.#book.keep(attachment.record)
      this.#tally.attached(attachment)
      this.#noticeLoss(connection, request.hello.sid, attachment)
      this.#core.attached(connection, attachment)
    } catch (error) {
      this.#host.report(error)
      const retryMs = this.#host.options.retryAfterMs
      this.#core.reject(connection, { code: code.internal, retryMs, message: 'the store failed' })
    }
  }

  #noticeLoss(connection: number, sid: string | null, attachment: Attachment<SentMessage>): void {
    const reason = attachment.kind === 'created' ? attachment.lost?.reason : undefined
    if (sid === null || reason === undefined) return
    const from = this.#links.get(connection)?.connection.id ?? ''
    const session = logNameOf(sid)
    if (reason !== 'token' && reason !== 'principal') {
      this.#host.log('info', 'session-gap', { session, reason, id: from })
      return
    }
    this.#tally.alarm(reason)
    this.#host.log('warn', 'session-alarm', { session, reason, id: from })
    this.#host.onAlarm({ session, reason, connection: from })
  }

  #sendAway(connection: number): void {
    const retryMs = this.#host.options.retryAfterMs
    this.#core.reject(connection, { code: code.draining, retryMs, message: 'the server is stopping' })
    this.#run()
  }

  #arm(timer: ServerTimer, delayMs: number): void {
    const connection = timer.name === 'drain' ? this.#core.session(timer.sid)?.connection : undefined
    if (connection !== undefined) {
      // An empty buffer means that the core's estimate is old, and no callback would follow to tell it.
      if (this.#bufferedBytes(connection) === 0) return this.#core.due(timer, 0)
      this.#draining.add(connection)
    }
    return this.#timers.arm(timer, delayMs)
  }

  #due(timer: ServerTimer): void {
    const connection = 'sid' in timer ? this.#core.session(timer.sid)?.connection : timer.connection
    this.#core.due(timer, connection === undefined ? 0 : this.#bufferedBytes(connection))
    this.#run()
  }

  #written(number: number, bufferedBytes: number): void {
    if (!this.#draining.has(number) || bufferedBytes * 2 > this.#host.options.highWaterMarkBytes) return
    this.#draining.delete(number)
    const sid = this.#core.sessionOf(number)?.sid
    if (sid === undefined || !this.#timers.disarm({ name: 'drain', sid })) return
    this.#core.due({ name: 'drain', sid }, bufferedBytes)
    this.#run()
  }

  #bufferedBytes(connection: number): number {
    return this.#links.get(connection)?.connection.bufferedBytes ?? 0
  }

  #sweepDaily(store: MemoryStore<SentMessage>): void {
    this.#scope.timeout(TOMBSTONE_MS, () => {
      store.sweep()
      this.#sweepDaily(store)
    })
  }
}

function coreOptions(options: ResolvedSessionsOptions, { options: server }: SessionHost): ServerOptions {
  const { limits, hold, ack, proto, ttlMs, spreadMs, helloTimeoutMs, byeTimeoutMs } = options
  const orZero = (timeMs: number) => (timeMs === Number.POSITIVE_INFINITY ? 0 : timeMs)
  return {
    limits,
    bounds: hold,
    ackMode: ack,
    highWaterBytes: server.highWaterMarkBytes,
    proto,
    pingMs: orZero(server.pingIntervalMs),
    idleMs: orZero(server.idleTimeoutMs),
    ttlMs,
    spreadMs,
    helloTimeoutMs,
    byeTimeoutMs,
  }
}

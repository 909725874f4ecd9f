import type { Scope } from '@holdfast/lifetime'
import {
  MemoryStore,
  type ServerAction,
  ServerCore,
  type ServerOptions,
  type ServerTimer,
} from '@holdfast/protocol'
import type { ConnectionDriver, DrivenConnection, OpenSessions, SessionHost } from '../session-service.ts'
import type { SessionStats } from '../session-stats.ts'
import { Admission } from './admission.ts'
import { AwaitedHellos } from './awaited-hellos.ts'
import { CoreTimers } from './core-timers.ts'
import { leaveTimes } from './leave-times.ts'
import { DrainWatch } from './drain-watch.ts'
import type { SentMessage } from './sent-message.ts'
import { type ActionOf, SessionBook } from './session-book.ts'
import { SessionLink } from './session-link.ts'
import { SessionTally } from './session-tally.ts'
import { fitServer, type ResolvedSessionsOptions } from './sessions-options.ts'

/** Smallest limit of a WebSocket message: the first frame may have 16 KiB whatever the application's messages have. */
const MIN_FRAME_LIMIT = 32_768

/** Tombstones are remembered for one to two of these. */
const TOMBSTONE_MS = 86_400_000

const code = { timeout: 4408, superseded: 4409, draining: 4503 } as const

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
  readonly #admission: Admission
  readonly #drain: DrainWatch
  readonly #tally = new SessionTally()
  readonly #awaited: AwaitedHellos
  readonly #links = new Map<number, SessionLink>()
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
    this.#drain = new DrainWatch({
      core: this.#core,
      timers: this.#timers,
      highWaterBytes: host.options.highWaterMarkBytes,
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
    this.#book = new SessionBook({
      core: this.#core,
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
    this.#awaited = new AwaitedHellos(options.maxAwaitedHellos)
    this.#admission = new Admission({
      awaited: this.#awaited,
      core: this.#core,
      options,
      host,
      tally: this.#tally,
      links: this.#links,
      run: () => this.#run(),
      keep: (record) => this.#book.keep(record),
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
    const inExcess = this.#awaited.add(number)
    if (inExcess !== undefined) this.#core.reject(inExcess, { code: code.timeout, message: 'no HELLO yet' })
    this.#run()
    return {
      message: (data, bytes) => {
        if (this.#scope.ended) return
        if (typeof data === 'string') this.#core.text(number, data, bytes)
        else this.#core.binary(number, data)
        this.#run()
      },
      written: () => {
        if (this.#drain.written(number)) this.#run()
      },
      ping: () => {
        const session = this.#core.sessionOf(number)
        if (session?.state !== 'attached') return false
        session.ping(Math.round(this.#scope.clock.monotonicMs()))
        this.#run()
        return true
      },
      leave: () => {
        const session = this.#core.sessionOf(number)
        if (session?.state !== 'attached') return false
        session.goAway({ afterMs: 0, spreadMs: 0, why: 'lifetime' })
        this.#run()
        return true
      },
      closed: () => {
        link.end()
        this.#links.delete(number)
        this.#awaited.delete(number)
        this.#drain.forget(number)
        this.#core.closed(number)
        this.#run()
      },
    }
  }

  leave(within: { readonly deadlineMs: number } | { readonly spreadMs: number }): void {
    const { spreadMs, graceMs } = leaveTimes(within, this.#options.leaveSpreadMs)
    for (const session of this.#core.sessions()) session.goAway({ afterMs: 0, spreadMs, why: 'stopping' })
    this.#run()
    for (const number of this.#links.keys()) if (!this.#core.sessionOf(number)) this.#sendAway(number)
    this.#scope.timeout(spreadMs + graceMs, () => {
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
    arm: ({ timer, delayMs }) => this.#drain.arm(timer, delayMs),
    disarm: ({ timer }) => void this.#timers.disarm(timer),
    authenticate: (action) => this.#admission.authenticate(action),
    reauthenticate: (action) => void this.#admission.reauthenticate(action),
    attach: (action) => this.#admission.attach(action),
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
    // Told where the connection that caused it is known: by the admission.
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

  #sendAway(connection: number): void {
    const retryMs = this.#host.options.retryAfterMs
    this.#core.reject(connection, { code: code.draining, retryMs, message: 'the server is stopping' })
    this.#run()
  }

  #due(timer: ServerTimer): void {
    const connection = 'sid' in timer ? this.#core.session(timer.sid)?.connection : timer.connection
    this.#core.due(timer, connection === undefined ? 0 : this.#bufferedBytes(connection))
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

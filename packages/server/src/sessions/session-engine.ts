import type { Scope } from '@holdfast/lifetime'
import { type HeldAction, type ServerAction, ServerCore, type ServerTimer } from '@holdfast/protocol'
import type { ConnectionDriver, DrivenConnection, OpenSessions, SessionHost } from '../session-service.ts'
import type { SessionStats } from '../session-stats.ts'
import { Admission } from './admission.ts'
import { OldestGoes } from './oldest-goes.ts'
import { connectionDriver } from './connection-driver.ts'
import { coreOptions } from './core-options.ts'
import { CoreTimers } from './core-timers.ts'
import type { Keeping } from './keeping.ts'
import { OwnKeeping } from './own-keeping.ts'
import { beginDeparture } from './begin-departure.ts'
import { DrainWatch } from './drain-watch.ts'
import type { SentMessage } from './sent-message.ts'
import { type ActionOf, SessionBook } from './session-book.ts'
import { SessionLink } from './session-link.ts'
import { countStates, overviewOf, type SessionOverview } from './session-overview.ts'
import { isSharedStore } from './shared-store.ts'
import { SharedSessions } from './shared-sessions.ts'
import { SessionTally } from './session-tally.ts'
import { fitServer, type ResolvedSessionsOptions } from './sessions-options.ts'

/** Smallest limit of a WebSocket message: the first frame may have 16 KiB whatever the application's messages have. */
const MIN_FRAME_LIMIT = 32_768

const code = { timeout: 4408, superseded: 4409, draining: 4503 } as const

/** Time for a client that said no HELLO to answer the close frame: hardly any of these is a client. */
const SILENT_CUT_MS = 500

type Perform = { readonly [Type in ServerAction<SentMessage>['type']]: (action: ActionOf<Type>) => void }

/** Drives the protocol's core for one server: sockets, time, randomness and the store around it. */
export class SessionEngine implements OpenSessions {
  readonly maxPayloadBytes: number
  readonly #options: ResolvedSessionsOptions
  readonly #host: SessionHost
  readonly #scope: Scope
  readonly #core: ServerCore<SentMessage>
  readonly #timers: CoreTimers
  /** The sessions that the application knows. */
  readonly book: SessionBook
  readonly #admission: Admission
  readonly #drain: DrainWatch
  readonly #tally = new SessionTally()
  /** Connections that have not said HELLO. */
  readonly #awaited: OldestGoes<number>
  /** Sessions whose clients left before they showed that they know of them. */
  readonly #abandoned: OldestGoes<string>
  readonly #keeping: Keeping
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
    this.#drain = this.#watchDrain()
    this.book = new SessionBook({
      core: this.#core,
      options,
      scope: this.#scope,
      tally: this.#tally,
      log: host.log,
      report: host.report,
      onPong: host.onPong,
      run: () => this.#run(),
      hold: (work) => this.#hold(work),
      touch: (sid) => this.#keeping.touch(sid),
      nameOf: (connection) => this.#nameOf(connection) ?? '',
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
    this.#awaited = new OldestGoes(options.maxAwaitedHellos)
    this.#abandoned = new OldestGoes(options.maxUnconfirmed)
    this.#keeping = this.#openKeeping()
    this.#admission = new Admission({
      find: (...question) => this.#keeping.find(...question),
      awaited: this.#awaited,
      core: this.#core,
      options,
      host,
      tally: this.#tally,
      links: this.#links,
      run: () => this.#run(),
      keep: (record) => this.book.keep(record),
    })
    this.#scope.defer(() => this.#endAll())
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
    return connectionDriver(number, {
      core: this.#core,
      drain: this.#drain,
      keeping: this.#keeping,
      scope: this.#scope,
      run: () => this.#run(),
      forget: () => {
        link.end()
        this.#links.delete(number)
        this.#awaited.delete(number)
      },
      abandon: (sid) => this.#abandon(sid),
    })
  }

  #abandon(abandoned: string): void {
    const sid = this.#abandoned.add(abandoned)
    const session = sid === undefined ? undefined : this.#core.session(sid)
    if (session?.state === 'unconfirmed' && session.connection === undefined) session.end('expired')
  }

  get handOverMs(): number {
    return this.#keeping.handOverMs
  }

  leave(within: { readonly deadlineMs: number } | { readonly spreadMs: number }): void {
    if ('deadlineMs' in within) this.#keeping.leave()
    beginDeparture(within, {
      core: this.#core,
      links: this.#links,
      scope: this.#scope,
      retryMs: this.#host.options.retryAfterMs,
      leaveSpreadMs: this.#options.leaveSpreadMs,
      run: () => this.#run(),
    })
  }

  end(forced: Promise<void>): void | Promise<void> {
    const left = this.#scope.ended ? undefined : this.#keeping.finish(forced)
    return left === undefined ? this.#endAll() : left.then(() => this.#endAll())
  }

  #endAll(): void {
    for (const session of this.book.sessions()) session.finish({ kind: 'stopped' })
    for (const session of this.#core.sessions()) session.end('ended')
    this.#run()
    this.#scope.end()
  }

  stats(): SessionStats {
    const states = countStates(this.#core.sessions())
    return this.#tally.stats({ states, heldBytes: this.book.heldBytes })
  }

  /** Tells where every session stands, also those that the application does not know yet. */
  overview(): SessionOverview[] {
    return [...this.#core.sessions()].map((session) => overviewOf(session, (number) => this.#nameOf(number)))
  }

  /** Ends every session of a principal with BYE, and returns how many there were. */
  endAllOf(principal: string, byeCode: number, reason: string): number {
    const owned = [...this.#core.sessions()].filter((session) => session.principal === principal)
    for (const session of owned) {
      const known = this.book.find(session.sid)
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
    this.#keeping.flush()
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
    send: (action) => this.#say(action),
    close: (action) => this.#say(action),
    arm: ({ timer, delayMs }) => this.#drain.arm(timer, delayMs),
    disarm: ({ timer }) => void this.#timers.disarm(timer),
    authenticate: (action) => this.#admission.authenticate(action),
    reauthenticate: (action) => void this.#admission.reauthenticate(action),
    attach: (action) => this.#admission.attach(action),
    store: ({ write }) => this.#keeping.write(write),
    moved: (action) => this.#keeping.moved(action),
    opened: (action) => this.book.opened(action),
    attached: ({ sid, connection }) => this.book.moved(sid, connection),
    detached: ({ sid }) => this.book.moved(sid, undefined),
    deliver: ({ sid, number, payload }) => {
      this.book.find(sid)?.deliver(number, payload)
      this.#keeping.touch(sid)
    },
    acked: (action) => {
      this.book.acked(action)
      this.#keeping.touch(action.sid)
    },
    pong: (action) => this.book.answered(action),
    // Told where the connection that caused it is known: by the admission.
    alarm: () => {},
    ended: (action) => this.#say(action),
  }

  /** Tells others something, as soon as a shared store has kept what it rests on. */
  #say(action: HeldAction<SentMessage>): void {
    if (!this.#keeping.hold(action)) this.#carryOut(action)
  }

  #carryOut(action: HeldAction<SentMessage>): void {
    if (action.type === 'send') this.#links.get(action.connection)?.connection.send(action.data)
    else if (action.type === 'close') this.#close(action)
    else this.book.ended(action)
  }

  #watchDrain(): DrainWatch {
    return new DrainWatch({
      core: this.#core,
      timers: this.#timers,
      highWaterBytes: this.#host.options.highWaterMarkBytes,
      bufferedBytes: (connection) => this.#bufferedBytes(connection),
    })
  }

  #nameOf(connection: number): string | undefined {
    return this.#links.get(connection)?.connection.id
  }

  #openKeeping(): Keeping {
    const { store } = this.#options
    const parts = { core: this.#core, book: this.book, scope: this.#scope }
    if (!isSharedStore(store)) return new OwnKeeping({ store, ...parts })
    const { log, report } = this.#host
    return new SharedSessions({
      ...parts,
      store,
      options: this.#options,
      log,
      report,
      isOpen: (connection) => this.#links.has(connection),
      run: () => this.#run(),
      carryOut: (action) => this.#carryOut(action),
    })
  }

  #close({ connection, code: closeCode, reason }: ActionOf<'close'>): void {
    const link = this.#links.get(connection)
    if (link === undefined) return
    if (closeCode === code.superseded) this.#tally.superseded()
    const cause = closeCode === code.draining ? 'stop' : 'session'
    this.#host.log('info', 'session-connection-closing', { id: link.connection.id, code: closeCode, reason })
    link.close(cause, closeCode, reason)
    if (closeCode === code.timeout) this.#scope.timeout(SILENT_CUT_MS, () => link.connection.cut(cause))
  }

  #due(timer: ServerTimer): void {
    const connection = 'sid' in timer ? this.#core.session(timer.sid)?.connection : timer.connection
    this.#core.due(timer, connection === undefined ? 0 : this.#bufferedBytes(connection))
    this.#run()
  }

  #bufferedBytes(connection: number): number {
    const bytes = this.#links.get(connection)?.connection.bufferedBytes ?? 0
    return bytes + this.#keeping.bufferedBytes(connection)
  }
}

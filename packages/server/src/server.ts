import type { Server as HttpServer } from 'node:http'
import { Emitter, type Release, type Resources, Scope } from '@holdfast/lifetime'
import { AdmissionQueue } from './admission-queue.ts'
import type { Connection, ConnectionClosed } from './connection.ts'
import { openTally, type ServerCounters, snapshot } from './counters.ts'
import { type DrainOptions, settleSpread } from './drain.ts'
import { isServerError, ServerError } from './errors.ts'
import { Gate } from './gate.ts'
import { healthHandler } from './health-handler.ts'
import { addressOf, closeHost, createHost, listen } from './http-host.ts'
import { answerRequests } from './http-route.ts'
import { type Log, openLog, warn } from './log.ts'
import { watchMemory } from './memory-watch.ts'
import { integer } from './option-checks.ts'
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.ts'
import { Progress } from './progress.ts'
import { promiseFirst } from './promise-first.ts'
import { Reception } from './reception.ts'
import type { Refused, ServerEvents } from './server-events.ts'
import type { OpenSessions, SessionHost } from './session-service.ts'
import type { SessionStats } from './session-stats.ts'
import type { ServerAddress, ServerState } from './state.ts'
import { deadlineBounds, STOP_DEADLINE_MS, type StopOptions } from './stop-options.ts'
import { routeUpgrades } from './upgrade-router.ts'

/**
 * Makes a server that is not started yet.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function createServer(options: ServerOptions = {}): HoldfastServer {
  return new HoldfastServer(resolveOptions(options))
}

/** A WebSocket server that can be started once and stopped once. Make one with `createServer`. */
export class HoldfastServer {
  readonly #options: ResolvedOptions
  readonly #scope: Scope
  /** Ends when the server need not get ready any more. */
  readonly #starting: Scope
  readonly #events: Emitter<ServerEvents>
  readonly #log: Log
  readonly #tally = openTally()
  readonly #admission: AdmissionQueue
  readonly #gate: Gate
  readonly #reception: Reception
  readonly #sessions: OpenSessions | undefined
  #state: ServerState = { name: 'idle' }
  #ownHost: HttpServer | undefined
  #started: Promise<ServerAddress> | undefined
  #drained: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  #force: () => void = () => {}
  /** Ends of sockets. */
  readonly #progress = new Progress()

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#scope = new Scope(options.clock)
    this.#starting = this.#scope.child()
    this.#log = openLog(options.logger, options.clock)
    this.#events = new Emitter(this.#scope, (error) => this.#reportQuietly(error))
    const report = (error: unknown) => this.#report(error)
    this.#admission = new AdmissionQueue(options.admission, () => options.clock.monotonicMs())
    this.#gate = new Gate({
      options,
      scope: this.#scope,
      isReady: () => this.#state.name === 'ready',
      admit: () => this.#admission.admit(),
      isMemoryShort: watchMemory(options.maxMemoryBytes, options.clock),
      report,
      onRefused: (refused) => this.#refused(refused),
      onLifeEnded: () => this.#progress.made(),
      onAdmitted: (visit, protocol) => this.#reception.receive(visit, protocol),
    })
    this.#sessions = this.#openSessions()
    this.#reception = new Reception({
      options,
      sessions: options.sessions &&
        this.#sessions && { protocol: options.sessions.protocol, open: this.#sessions },
      tally: this.#tally,
      report,
      onOpened: (connection) => this.#opened(connection),
      onPong: (rttMs) => void this.#events.emit('pong', { rttMs }),
      onClosed: (connection, closed) => this.#closed(connection, closed),
      holdUntilClose: (life) => this.#gate.holdUntilClose(life),
    })
  }

  /** What the server is doing: the same object until it changes. */
  get state(): ServerState {
    return this.#state
  }

  /** The connections that live now, oldest first. */
  get connections(): ReadonlySet<Connection> {
    return this.#reception.connections
  }

  /** What happened so far: a copy. */
  get counters(): ServerCounters {
    return snapshot(this.#tally)
  }

  /** What the resumable sessions did so far; `undefined` for a server without them. */
  get sessionStats(): SessionStats | undefined {
    return this.#sessions?.stats()
  }

  /** What is held now: timers, listeners, sockets. All zero once stopped. */
  get resources(): Resources {
    return { ...this.#scope.ledger }
  }

  /** Whether `/stats` is served. */
  get exposesStats(): boolean {
    return this.#options.exposeStats
  }

  /** Registers a handler and returns its undo. Once stopped nothing is registered any more. */
  on<Type extends keyof ServerEvents>(type: Type, handler: (event: ServerEvents[Type]) => unknown): Release {
    return this.#events.on(type, handler)
  }

  /**
   * Starts to take connections; attached, as soon as the HTTP server listens. A second call gives the same promise.
   * @throws ServerError `address-in-use`, `listen-failed`, `bad-tls`, `path-taken`; `stopped` when `stop` came first
   */
  start(): Promise<ServerAddress> {
    if (this.#started !== undefined) return this.#started
    const [started, begin] = promiseFirst(() => this.#start())
    this.#started = started
    // Whoever does not wait for it hears of a failure from the log and the state: it must not end the process.
    started.catch(() => {})
    begin()
    return started
  }

  /**
   * Moves clients elsewhere, for a planned end: readiness goes red and new connections get 503, while those that live leave
   * one by one within `spreadMs`. Clients of sessions are asked to come back (GOAWAY), so their sessions wait for them, here or
   * in a shared store; who is left some seconds later is sent away with 4503. Others are closed with `stopCode`. Resolves when
   * no connection is left; `stop` may come at any time. A second call gives the same promise; after `stop` there is nothing to do.
   * @throws TypeError or RangeError for a bad `spreadMs`
   * @returns a promise that rejects with `not-ready` when the server is not started
   */
  drain({ spreadMs }: DrainOptions = {}): Promise<void> {
    const { perSecond } = this.#options.admission
    const settledMs = settleSpread(spreadMs, this.connections.size, perSecond)
    if (this.#drained !== undefined) return this.#drained
    if (this.#stopped !== undefined) return this.#stopped
    if (this.#state.name !== 'ready')
      return Promise.reject(new ServerError('not-ready', 'drain: the server is not started'))
    const [drained, begin] = promiseFirst(() => this.#drain(settledMs))
    this.#drained = drained
    begin()
    return drained
  }

  /**
   * Refuses new connections with 503, closes all with `stopCode` (clients of sessions are asked to go, and get 4503 if they do
   * not), cuts what is left at the deadline, hands back what sessions still held, and releases everything;
   * an HTTP server that it is attached to goes on. A second call gives the same promise, and its signal counts too. Before
   * `start` it makes the server unusable. Never rejects.
   * @throws TypeError or RangeError for a bad `deadlineMs`
   */
  stop({ signal, deadlineMs = STOP_DEADLINE_MS }: StopOptions = {}): Promise<void> {
    integer('deadlineMs', deadlineMs, deadlineBounds)
    if (this.#stopped !== undefined) return this.#forcedBy(signal, this.#stopped)
    const [stopped, begin] = promiseFirst(() => this.#stop(deadlineMs))
    this.#stopped = stopped
    begin()
    return this.#forcedBy(signal, stopped)
  }

  /** Stops, as `stop()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #start(): Promise<ServerAddress> {
    const { server, host, port, path } = this.#options
    if (this.#state.name !== 'idle') throw new ServerError('stopped', 'start: the server was stopped before')
    this.#move({ name: 'starting' })
    try {
      const at = server ?? this.#openHost()
      routeUpgrades(this.#scope, at, {
        path,
        open: (...upgrade) => this.#gate.open(...upgrade),
        stray: (...upgrade) => this.#gate.stray(...upgrade),
      })
      await listen(this.#starting, at, server === undefined ? { host, port } : undefined)
      if (this.#starting.ended)
        throw new ServerError('stopped', 'start: the server was stopped before it was ready')
      const address = addressOf(at, path)
      this.#move({ name: 'ready', address })
      this.#log('info', 'ready', { host: address.host, port: address.port })
      return address
    } catch (error) {
      this.#startFailed(error)
      throw error
    }
  }

  #openSessions(): OpenSessions | undefined {
    const host: SessionHost = {
      options: this.#options,
      scope: this.#scope,
      log: this.#log,
      report: (error) => this.#report(error),
      admit: () => this.#admission.admit(),
      onAlarm: (alarm) => void this.#events.emit('alarm', alarm),
      onPong: (rttMs) => void this.#events.emit('pong', { rttMs }),
    }
    try {
      return this.#options.sessions?.open(host)
    } catch (error) {
      this.#scope.end()
      throw error
    }
  }

  #openHost(): HttpServer {
    const routes = [healthHandler(this), ...this.#options.routes]
    this.#ownHost = createHost(this.#options, {
      onRequest: answerRequests(routes, (error) => this.#report(error)),
      onBadRequest: (socket, refusal) => this.#gate.unreadable(socket, refusal),
      onCrowd: (reason) => void (this.#tally.refused[reason] += 1),
    })
    return this.#ownHost
  }

  #startFailed(error: unknown): void {
    if (this.#state.name !== 'starting') return
    this.#log('error', 'start-failed', { code: isServerError(error) ? error.code : 'unknown' })
    this.#move({ name: 'stopped' })
    this.#scope.end()
  }

  async #drain(spreadMs: number): Promise<void> {
    this.#move({ name: 'draining', spreadUntil: this.#scope.clock.now() + spreadMs })
    this.#log('info', 'draining', { connections: this.connections.size, spreadMs })
    this.#sessions?.leave({ spreadMs })
    this.#reception.closeAll(this.#options.stopCode, spreadMs)
    await this.#progress.until(() => this.connections.size === 0)
  }

  async #stop(deadlineMs: number): Promise<void> {
    if (this.#state.name === 'stopped') return
    const { clock } = this.#scope
    const forced = new Promise<void>((resolve) => {
      this.#force = resolve
    })
    this.#move({ name: 'stopping', deadlineAt: clock.now() + deadlineMs })
    this.#log('info', 'stopping', { connections: this.connections.size })
    // A shared store gets what it does not have yet within the deadline, and not behind it.
    const cutMs = Math.max(deadlineMs - (this.#sessions?.handOverMs ?? 0), deadlineMs / 2)
    this.#scope.timeout(cutMs, this.#force)
    this.#starting.end()
    this.#gate.close()
    this.#sessions?.leave({ deadlineMs })
    this.#reception.closeAll(this.#options.stopCode, 0)
    await Promise.race([this.#progress.until(() => this.#scope.ledger.sockets === 0), forced])
    this.#reception.cutAll()
    await this.#progress.until(() => this.connections.size === 0)
    await this.#sessions?.end(forced)
    if (this.#ownHost !== undefined) await closeHost(this.#ownHost)
    this.#log('info', 'stopped')
    this.#move({ name: 'stopped' })
    this.#scope.end()
  }

  #forcedBy(signal: AbortSignal | undefined, stopped: Promise<void>): Promise<void> {
    if (signal?.aborted) this.#force()
    else if (signal !== undefined) this.#scope.listen(signal, 'abort', () => this.#force())
    return stopped
  }

  #move(state: ServerState): void {
    const previous = this.#state
    this.#state = state
    void this.#events.emit('state', { state, previous })
  }

  #refused(refused: Refused): void {
    this.#tally.refused[refused.reason] += 1
    this.#log('info', 'upgrade-refused', { ...refused })
    void this.#events.emit('refused', refused)
  }

  #opened(connection: Connection): void {
    const { path, origin, remoteAddress } = connection.request
    this.#log('info', 'connection-opened', { id: connection.id, path, origin, remoteAddress })
    void this.#events.emit('connection', connection)
  }

  #closed(connection: Connection, closed: ConnectionClosed): void {
    this.#log('info', 'connection-closed', { id: connection.id, ...closed })
    void this.#events.emit('closed', { connection, ...closed })
  }

  #report(error: unknown): void {
    if (this.#events.has('error')) void this.#events.emit('error', { error })
    else this.#reportQuietly(error)
  }

  /** For errors of `error` handlers too, which must not come back to them. */
  #reportQuietly(error: unknown): void {
    if (this.#options.logger === undefined) return warn(error)
    this.#log('error', 'user-code-failed', {
      message: error instanceof Error ? error.message : String(error),
    })
  }
}

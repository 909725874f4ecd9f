import type { Scope } from '@holdfast/lifetime'
import { assertNumber } from './bounds.ts'
import type { Cause, Phase } from './cause.ts'
import { HoldfastError, isHoldfastError } from './errors.ts'
import { Heartbeat, type ProbeResult } from './heartbeat.ts'
import { type ConnectedContext, Hello } from './hello.ts'
import type { Inbound } from './inbound.ts'
import type { Line } from './line.ts'
import type { Incoming, Message } from './message.ts'
import type { NotYet, Settings } from './options.ts'
import type { Wire } from './outbound.ts'
import { assertSocket, createNativeSocket, Socket } from './socket.ts'
import { type AttemptContext, resolveTarget, type Target, type TargetSources } from './target.ts'
import { abandoned, within } from './within.ts'

/** What a connection is made with, and whom it reports to. After the scope's end it reports nothing more. */
export interface ConnectionHost {
  readonly settings: Settings
  readonly sources: TargetSources
  readonly line: Line
  readonly inbound: Inbound
  /** The attempt has come to this phase. */
  reached(phase: Phase): void
  /** `admit` asked to wait. */
  notYet(answer: NotYet): void
  /** The connection can be used. */
  opened(protocol: string): void
  /** The attempt failed or the connection ended. At most once. */
  ended(cause: Cause): void
  /** A function of the user's failed. */
  failed(phase: Phase | 'heartbeat' | 'message', error: unknown): void
}

/** Which part of its life a connection is in, with what only that part has. */
type Stage = { readonly name: 'attempt' } | { readonly name: 'live'; readonly heartbeat: Heartbeat }

/** One attempt and, if it succeeds, the connection that comes of it: admit, resolve, dial, hello, live. Used once. */
export class Connection implements Wire {
  readonly #scope: Scope
  readonly #host: ConnectionHost
  readonly #context: Omit<AttemptContext, 'signal'>
  readonly #hello: Hello
  #stage: Stage = { name: 'attempt' }
  #socket: Socket | undefined
  #lastActivityMs = 0

  /** Starts the attempt in a microtask; whoever made it has listeners in place by then. */
  constructor(scope: Scope, host: ConnectionHost, context: Omit<AttemptContext, 'signal'>) {
    this.#scope = scope
    this.#host = host
    this.#context = context
    this.#hello = new Hello(scope)
    scope.defer(() => host.line.hangUp())
    this.#run().catch((error: unknown) => {
      if (error !== abandoned) throw error
    })
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  get rttMs(): number | undefined {
    return this.#stage.name === 'live' ? this.#stage.heartbeat.rttMs : undefined
  }

  send(message: Message): void {
    this.#touch()
    this.#socket?.send(message)
  }

  /** Starts the closing handshake. */
  close(code: number, reason: string): void {
    this.#socket?.close(code, reason)
  }

  /** As `Session.probe`. */
  probe(): Promise<ProbeResult> {
    return this.#stage.name === 'live' ? this.#stage.heartbeat.probe() : Promise.resolve('unknown')
  }

  async #run(): Promise<void> {
    const { settings, sources } = this.#host
    const { resolveTimeoutMs, dialTimeoutMs, helloTimeoutMs } = settings.connect
    const answer = await this.#phase('admit', resolveTimeoutMs, (context) => this.#admit(context))
    if (answer) return this.#host.notYet(answer)
    const target = await this.#phase('resolve', resolveTimeoutMs, (context) =>
      resolveTarget(sources, context),
    )
    const socket = await this.#phase('dial', dialTimeoutMs, () => this.#dial(target))
    const { onConnected } = settings
    if (onConnected) {
      await this.#phase('hello', helloTimeoutMs, (context) =>
        onConnected(this.#helloContext(context, target, socket)),
      )
    }
    this.#live(socket)
  }

  async #admit(context: AttemptContext): Promise<NotYet | undefined> {
    const answer = await this.#host.settings.admit?.(context)
    if (answer) assertNumber('admit.retryAfterMs', answer.retryAfterMs, [1, Number.POSITIVE_INFINITY])
    return answer
  }

  /** Runs one phase within its limit. A failure is reported; then nothing of the attempt goes on. */
  async #phase<T>(
    phase: Phase,
    limitMs: number,
    run: (context: AttemptContext) => T | PromiseLike<T>,
  ): Promise<T> {
    this.#host.reached(phase)
    const late = () => new HoldfastError('timeout', `${phase}: took longer than ${limitMs} ms`)
    try {
      return await within(this.#scope, limitMs, late, (signal) => run({ ...this.#context, signal }))
    } catch (error) {
      if (error !== abandoned) this.#fail(phase, limitMs, error)
      throw abandoned
    }
  }

  #fail(phase: Phase, limitMs: number, error: unknown): void {
    const timeout = isHoldfastError(error, 'timeout')
    if (phase !== 'dial' || !timeout) this.#host.failed(phase, error)
    if (timeout) this.#host.ended({ kind: 'timeout', phase, limitMs })
    else if (isHoldfastError(error, 'unauthorized')) this.#host.ended({ kind: 'unauthorized', phase })
    else this.#host.ended({ kind: 'failed', phase })
  }

  #dial(target: Target): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const open = () => {
        try {
          const socket = this.#createSocket(target)
          this.#socket = new Socket(socket, this.#scope, {
            opened: () => resolve(this.#socket as Socket),
            message: (data) => this.#received(data),
            pong: (payload) => this.#pong(payload),
            ended: (cause) => this.#ended(cause),
          })
        } catch (error) {
          this.#notMade(error, reject)
        }
      }
      this.#host.line.dial({ url: target.url, open })
    })
  }

  #createSocket({ url, protocols, headers }: Target): ConstructorParameters<typeof Socket>[0] {
    const { createSocket = createNativeSocket } = this.#host.settings
    const socket: unknown = createSocket(url, protocols, { headers })
    assertSocket(socket)
    return socket
  }

  /** The platform's own errors repeat the URL with its query, so of them only the name is kept. */
  #notMade(error: unknown, reject: (error: unknown) => void): void {
    const name = (error as Partial<Error> | null)?.name ?? 'unknown'
    if (name === 'SecurityError') return this.#host.ended({ kind: 'forbidden', name })
    const own = this.#host.settings.createSocket !== undefined || isHoldfastError(error)
    reject(own ? error : new HoldfastError('dial', `WebSocket: could not be made, ${name}`))
  }

  #helloContext(context: AttemptContext, target: Target, socket: Socket): ConnectedContext {
    return {
      ...context,
      credentials: target.credentials,
      protocol: socket.protocol,
      send: (message) => this.send(message),
      receive: (options) => this.#hello.receive(options),
    }
  }

  #live(socket: Socket): void {
    const host = this.#host
    const { heartbeat, random } = host.settings
    const pulse = {
      ping: socket.ping,
      send: (message: Message) => this.send(message),
      dead: (silentMs: number) => host.ended({ kind: 'liveness', silentMs }),
      failed: (error: unknown) => host.failed('heartbeat', error),
    }
    this.#stage = { name: 'live', heartbeat: new Heartbeat(this.#scope, heartbeat, pulse, random) }
    host.opened(socket.protocol)
    for (const message of this.#hello.end()) {
      if (!this.#scope.ended) host.inbound.deliver(message)
    }
  }

  #received(data: unknown): void {
    this.#touch()
    const stage = this.#stage
    if (stage.name === 'live') stage.heartbeat.alive()
    this.#host.inbound.receive(
      data,
      (message) => this.#use(message),
      (error) => this.#host.failed('message', error),
    )
  }

  #use(message: Incoming): void {
    const stage = this.#stage
    if (this.#scope.ended) return
    if (stage.name === 'attempt') this.#hello.push(message)
    else if (!stage.heartbeat.consumes(message)) this.#host.inbound.deliver(message)
  }

  #pong(payload: string): void {
    if (this.#stage.name !== 'live') return
    this.#stage.heartbeat.alive()
    this.#stage.heartbeat.pong(payload)
  }

  /** Reported only after the messages that arrived before it. */
  #ended(cause: Cause): void {
    if (cause.kind === 'server-close' || cause.kind === 'lost') {
      const idleMs = this.#scope.clock.monotonicMs() - this.#lastActivityMs
      this.#host.settings.heartbeat.strategy?.lost(idleMs)
    }
    this.#host.inbound.after(() => {
      if (!this.#scope.ended) this.#host.ended(cause)
    })
  }

  /** Only a strategy needs to know when something last went either way, and only then is the clock asked. */
  #touch(): void {
    if (this.#host.settings.heartbeat.strategy) this.#lastActivityMs = this.#scope.clock.monotonicMs()
  }
}

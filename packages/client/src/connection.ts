import type { Scope } from '@holdfast/lifetime'
import type { ReceiptEntry } from '@holdfast/mailbox'
import { assertMethods, assertNumber } from './bounds.ts'
import type { Cause, Phase } from './cause.ts'
import { HoldfastError, isHoldfastError } from './errors.ts'
import { Heartbeat, type ProbeResult, type Pulse } from './heartbeat.ts'
import { Hello } from './hello.ts'
import type { Receiver } from './inbound.ts'
import type { Line } from './line.ts'
import type { Incoming, Message } from './message.ts'
import type { NotYet, Settings } from './options.ts'
import type { Wire } from './outbound.ts'
import { createNativeSocket } from './platform-socket.ts'
import { watchSocket } from './socket.ts'
import type { Ping, SocketLike } from './socket-like.ts'
import { type AttemptContext, resolveTarget, type Target, type TargetSources } from './target.ts'
import { abandoned, within } from './within.ts'

/** What a connection is made with, and whom it reports to. */
export interface ConnectionHost {
  readonly settings: Settings
  readonly sources: TargetSources
  readonly line: Line
  readonly inbound: Receiver
  /** The attempt has come to this phase. */
  reached(phase: Phase): void
  /** The connection can be used. */
  opened(protocol: string): void
  /** The attempt failed or the connection ended. At most once. */
  ended(cause: Cause): void
  /** A function of the user's failed. */
  failed(phase: Phase | 'heartbeat' | 'message', error: unknown): void
}

/** One attempt and, if it succeeds, the connection that comes of it: admit, resolve, dial, hello, live. Used once. */
export class Connection implements Wire, Pulse {
  /** As `Pulse.ping`. */
  ping: Ping | undefined
  readonly #scope: Scope
  readonly #host: ConnectionHost
  readonly #context: Omit<AttemptContext, 'signal'>
  readonly #hello: Hello
  #socket: SocketLike | undefined
  /** Made when the connection goes live; until then messages are for the hello. */
  #heartbeat: Heartbeat | undefined

  /** Starts the attempt; ends with the scope. */
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
    return this.#heartbeat?.rttMs
  }

  /**
   * Sends now; nothing once the connection was given up, for a hook may still hold it then.
   * @returns something true when the socket settles the receipt itself
   */
  send(message: Message, receipt?: ReceiptEntry): unknown {
    const socket = this.#socket
    if (this.#scope.ended || !socket) return undefined
    this.#heartbeat?.wrote()
    return receipt && socket.take ? socket.take(message as never, receipt) : socket.send(message as never)
  }

  /** As `Pulse.dead`. */
  dead(silentMs: number): void {
    this.#ended({ kind: 'liveness', silentMs })
  }

  /** As `Pulse.failed`. */
  failed(error: unknown): void {
    this.#host.failed('heartbeat', error)
  }

  /** Starts the closing handshake. */
  close(code: number, reason: string): void {
    this.#socket?.close(code, reason)
  }

  /** Gives the attempt or the connection up. */
  end(): void {
    this.#scope.end()
  }

  /** As `Session.probe`. */
  async probe(): Promise<ProbeResult> {
    return this.#heartbeat?.probe() ?? 'unknown'
  }

  async #run(): Promise<void> {
    const { settings, sources } = this.#host
    const { connect, onConnected } = settings
    const answer = await this.#phase('admit', connect.resolveTimeoutMs, (context) => this.#admit(context))
    if (answer)
      return this.#ended({ kind: 'not-admitted', by: answer.cause, retryAfterMs: answer.retryAfterMs })
    const target = await this.#phase('resolve', connect.resolveTimeoutMs, (context) =>
      resolveTarget(sources, context),
    )
    const protocol = await this.#phase('dial', connect.dialTimeoutMs, () => this.#dial(target))
    if (onConnected) {
      const { credentials } = target
      await this.#phase('hello', connect.helloTimeoutMs, (context) =>
        onConnected({
          ...context,
          credentials,
          protocol,
          send: (message) => void this.send(message),
          receive: (options) => this.#hello.receive(options),
        }),
      )
    }
    this.#live(protocol)
  }

  /** Runs one phase within its limit. A failure is reported; then nothing of the attempt goes on. */
  async #phase<T>(
    phase: Phase,
    limitMs: number,
    run: (context: AttemptContext) => T | PromiseLike<T>,
  ): Promise<T> {
    this.#host.reached(phase)
    try {
      const result = await within(this.#scope, limitMs, phase, (signal) => run({ ...this.#context, signal }))
      if (this.#scope.ended) throw abandoned
      return result
    } catch (error) {
      if (error !== abandoned) this.#fail(phase, limitMs, error)
      throw abandoned
    }
  }

  #fail(phase: Phase, limitMs: number, error: unknown): void {
    const timeout = isHoldfastError(error, 'timeout')
    if (phase !== 'dial' || !timeout) this.#host.failed(phase, error)
    if (timeout) this.#ended({ kind: 'timeout', phase, limitMs })
    else this.#ended({ kind: isHoldfastError(error, 'unauthorized') ? 'unauthorized' : 'failed', phase })
  }

  async #admit(context: AttemptContext): Promise<NotYet | undefined> {
    const answer = await this.#host.settings.admit?.(context)
    if (answer) assertNumber('admit.retryAfterMs', answer.retryAfterMs, 1)
    return answer
  }

  /** Resolves with the subprotocol once the socket is open. */
  #dial({ url, protocols, headers, credentials }: Target): Promise<string> {
    const { settings, line } = this.#host
    const { createSocket = createNativeSocket } = settings
    return new Promise((resolve, reject) => {
      const open = () => {
        try {
          const socket = createSocket(url, protocols, { headers, credentials })
          // A factory that gives nothing lacks the methods as well.
          assertMethods('createSocket()', Object(socket), [
            'send',
            'close',
            'addEventListener',
            'removeEventListener',
          ])
          this.#socket = socket
          const events = {
            opened: () => resolve(socket.protocol),
            message: (data: unknown) => this.#received(data),
            pong: (payload: string) => this.#heartbeat?.pong(payload),
            ended: (cause: Cause) => this.#ended(cause),
          }
          this.ping = watchSocket(socket, this.#scope, events, settings.unref)
        } catch (error) {
          const name = (error as Error | undefined | null)?.name
          if (name === 'SecurityError') this.#ended({ kind: 'forbidden', name })
          // The platform's own errors repeat the URL with its query, so of them only the name is kept.
          else if (settings.createSocket) reject(error)
          else reject(new HoldfastError('dial', `WebSocket: ${name}`))
        }
      }
      line.dial({ url, open })
    })
  }

  #live(protocol: string): void {
    const { settings, opened, inbound } = this.#host
    this.#heartbeat = new Heartbeat(this.#scope, settings.heartbeat, this, settings.random)
    if (this.#scope.ended) return
    opened(protocol)
    for (const message of this.#hello.end()) {
      if (!this.#scope.ended) inbound.deliver(message)
    }
  }

  #received(data: unknown): void {
    const { inbound, failed } = this.#host
    this.#heartbeat?.alive()
    inbound.receive(
      data,
      (message) => this.#use(message),
      (error) => failed('message', error),
    )
  }

  #use(message: Incoming): void {
    if (this.#scope.ended) return
    if (!this.#heartbeat) this.#hello.push(message)
    else if (!this.#heartbeat.consumes(message)) this.#host.inbound.deliver(message)
  }

  /** Reported only after the messages that arrived before it. */
  #ended(cause: Cause): void {
    const { inbound, ended } = this.#host
    if (cause.kind === 'server-close' || cause.kind === 'lost') this.#heartbeat?.lost()
    inbound.after(() => {
      if (!this.#scope.ended) ended(cause)
    })
  }
}

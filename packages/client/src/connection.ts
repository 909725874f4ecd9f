import type { Scope, Signal } from '@holdfast/lifetime'
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
import type { Ping, SocketEvents, SocketLike } from './socket-like.ts'
import { type AttemptContext, resolveTarget, type Target, type TargetSources } from './target.ts'
import { abandoned, within } from './within.ts'

/** What a connection is made with. */
export interface ConnectionPlan extends Omit<AttemptContext, 'signal'> {
  readonly settings: Settings
  readonly sources: TargetSources
  readonly line: Line
  readonly inbound: Receiver
}

/** Whom a connection reports to. */
export interface ConnectionHost {
  /** The attempt has come to this phase. */
  reached(phase: Phase): void
  /** The connection can be used. */
  usable(protocol: string): void
  /** The attempt failed or the connection ended. At most once. */
  lost(cause: Cause): void
  /** A function of the user's failed. */
  report(phase: Phase | 'heartbeat' | 'message', error: unknown): void
}

/** One attempt and, if it succeeds, the connection that comes of it: admit, resolve, dial, hello, live. Used once. */
export class Connection implements Wire, Pulse, SocketEvents {
  /** As `Pulse.ping`. */
  ping: Ping | undefined
  readonly #scope: Scope
  readonly #host: ConnectionHost
  readonly #inbound: Receiver
  /** What is needed until the connection is live, and not kept longer. */
  #hello: Hello | undefined
  #dialled: (() => void) | undefined
  #socket: SocketLike | undefined
  /** Made when the connection goes live; until then messages are for the hello. */
  #heartbeat: Heartbeat | undefined

  /** Starts the attempt; ends with the scope. */
  constructor(scope: Scope, host: ConnectionHost, plan: ConnectionPlan) {
    const { line, inbound } = plan
    this.#scope = scope
    this.#host = host
    this.#inbound = inbound
    this.#hello = new Hello(scope)
    scope.defer(() => line.hangUp())
    this.#run(plan, this.#hello).catch((error: unknown) => {
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
    this.ended({ kind: 'liveness', silentMs })
  }

  /** As `Pulse.failed`. */
  failed(error: unknown): void {
    this.#host.report('heartbeat', error)
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

  async #run(plan: ConnectionPlan, hello: Hello): Promise<void> {
    const { settings, sources, attempt, cause } = plan
    const { connect, onConnected } = settings
    const { resolveTimeoutMs } = connect
    const answer = await this.#phase('admit', resolveTimeoutMs, (signal) =>
      admit(settings, { attempt, cause, signal }),
    )
    if (answer)
      return this.ended({ kind: 'not-admitted', by: answer.cause, retryAfterMs: answer.retryAfterMs })
    const target = await this.#phase('resolve', resolveTimeoutMs, (signal) =>
      resolveTarget(sources, { attempt, cause, signal }),
    )
    const protocol = await this.#phase('dial', connect.dialTimeoutMs, () => this.#dial(plan, target))
    if (onConnected) {
      const { credentials } = target
      await this.#phase('hello', connect.helloTimeoutMs, (signal) =>
        onConnected({
          attempt,
          cause,
          signal,
          credentials,
          protocol,
          send: (message) => void this.send(message),
          receive: (options) => hello.receive(options),
        }),
      )
    }
    this.#live(settings, protocol, hello)
  }

  /** Runs one phase within its limit. A failure is reported; then nothing of the attempt goes on. */
  async #phase<T>(phase: Phase, limitMs: number, run: (signal: Signal) => T | PromiseLike<T>): Promise<T> {
    this.#host.reached(phase)
    try {
      const result = await within(this.#scope, limitMs, phase, run)
      if (this.#scope.ended) throw abandoned
      return result
    } catch (error) {
      if (error !== abandoned) this.#fail(phase, limitMs, error)
      throw abandoned
    }
  }

  #fail(phase: Phase, limitMs: number, error: unknown): void {
    const timeout = isHoldfastError(error, 'timeout')
    if (phase !== 'dial' || !timeout) this.#host.report(phase, error)
    if (timeout) this.ended({ kind: 'timeout', phase, limitMs })
    else this.ended({ kind: isHoldfastError(error, 'unauthorized') ? 'unauthorized' : 'failed', phase })
  }

  /** Resolves with the subprotocol once the socket is open. */
  #dial(
    { settings, line }: ConnectionPlan,
    { url, protocols, headers, credentials }: Target,
  ): Promise<string> {
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
          this.#dialled = () => resolve(socket.protocol)
          this.ping = watchSocket(socket, this.#scope, this, settings.unref)
        } catch (error) {
          const name = (error as Error | undefined | null)?.name
          if (name === 'SecurityError') this.ended({ kind: 'forbidden', name })
          // The platform's own errors repeat the URL with its query, so of them only the name is kept.
          else if (settings.createSocket) reject(error)
          else reject(new HoldfastError('dial', `WebSocket: ${name}`))
        }
      }
      line.dial(open)
    })
  }

  #live(settings: Settings, protocol: string, hello: Hello): void {
    this.#dialled = undefined
    this.#heartbeat = new Heartbeat(this.#scope, settings.heartbeat, this, settings.random)
    if (this.#scope.ended) return
    this.#host.usable(protocol)
    this.#hello = undefined
    for (const message of hello.end()) {
      if (!this.#scope.ended) this.#inbound.deliver(message)
    }
  }

  /** As `SocketEvents.opened`. */
  opened(): void {
    this.#dialled?.()
  }

  /** As `SocketEvents.message`. */
  message(data: unknown): void {
    this.#heartbeat?.alive()
    this.#inbound.receive(
      data,
      (message) => this.#use(message),
      (error) => this.#host.report('message', error),
    )
  }

  /** As `SocketEvents.pong`. */
  pong(payload: string): void {
    this.#heartbeat?.pong(payload)
  }

  #use(message: Incoming): void {
    if (this.#scope.ended) return
    if (!this.#heartbeat) this.#hello?.push(message)
    else if (!this.#heartbeat.consumes(message)) this.#inbound.deliver(message)
  }

  /** As `SocketEvents.ended`. Reported only after the messages that arrived before it. */
  ended(cause: Cause): void {
    if (cause.kind === 'server-close' || cause.kind === 'lost') this.#heartbeat?.lost()
    this.#inbound.after(() => {
      if (!this.#scope.ended) this.#host.lost(cause)
    })
  }
}

async function admit(settings: Settings, context: AttemptContext): Promise<NotYet | undefined> {
  const answer = await settings.admit?.(context)
  if (answer) assertNumber('admit.retryAfterMs', answer.retryAfterMs, 1)
  return answer
}

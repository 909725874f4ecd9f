import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosEvent } from './chaos-event.ts'
import { listenError } from './listen-error.ts'

type DoorState =
  | { readonly name: 'shut' }
  | { readonly name: 'opening'; readonly abort: AbortController; readonly done: Promise<void> }
  | { readonly name: 'open'; readonly server: Server }

// While the port was closed another program may have dialled from it; such a dial is usually short.
const reopenTries = 40
const reopenPauseMs = 50

/** Is the listening port: really closed when shut, and the same number when opened again. */
export class Door {
  readonly #host: string
  readonly #accept: (socket: Socket) => void
  readonly #emit: (event: ChaosEvent) => void
  /** Servers whose port is closed live on until their connections have ended. */
  readonly #servers = new Set<Server>()
  /** Attempts to open the port, aborted ones too until they have let go of it. */
  readonly #attempts = new Set<Promise<void>>()
  #port: number
  #state: DoorState = { name: 'shut' }

  constructor(
    host: string,
    port: number,
    accept: (socket: Socket) => void,
    emit: (event: ChaosEvent) => void,
  ) {
    this.#host = host
    this.#port = port
    this.#accept = accept
    this.#emit = emit
  }

  get port(): number {
    return this.#port
  }

  get isOpen(): boolean {
    return this.#state.name === 'open'
  }

  /** Opens the port the first time. @throws ChaosError `port-in-use` or `listen-failed` */
  openFirst(): Promise<void> {
    return this.#open(1)
  }

  /** Opens the port again, trying for two seconds if it was taken meanwhile. @throws ChaosError as above */
  reopen(): Promise<void> {
    return this.#open(reopenTries)
  }

  /**
   * Closes the port at once; connections already accepted stay. Resolves when an attempt to open it that was under way
   * has come to nothing.
   */
  async shut(): Promise<void> {
    const before = this.#state
    this.#state = { name: 'shut' }
    if (before.name === 'opening') before.abort.abort()
    if (before.name === 'open') {
      before.server.close()
      this.#emit({ event: 'not-listening', port: this.#port })
    }
    await Promise.allSettled(this.#attempts)
  }

  /** Resolves when nothing is left of the port; needs it to be shut and the connections to have ended. */
  async closed(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => once(server, 'close')))
  }

  #open(tries: number): Promise<void> {
    if (this.#state.name === 'opening') return this.#state.done
    if (this.#state.name === 'open') return Promise.resolve()
    const abort = new AbortController()
    const done = this.#try(tries, abort.signal).finally(() => this.#attempts.delete(done))
    this.#attempts.add(done)
    this.#state = { name: 'opening', abort, done }
    return done
  }

  async #try(tries: number, signal: AbortSignal): Promise<void> {
    for (let left = tries; !signal.aborted; left -= 1) {
      const outcome = await this.#listen()
      if (outcome.server === undefined) {
        if (signal.aborted) return
        if (left <= 1 || outcome.error.code !== 'EADDRINUSE') this.#fail(outcome.error)
        await sleep(reopenPauseMs, undefined, { signal }).catch(() => undefined)
      } else if (signal.aborted) {
        outcome.server.close()
      } else {
        this.#opened(outcome.server)
        return
      }
    }
  }

  #opened(server: Server): void {
    this.#state = { name: 'open', server }
    this.#port = (server.address() as AddressInfo).port
    this.#emit({ event: 'listening', host: this.#host, port: this.#port })
  }

  #fail(error: NodeJS.ErrnoException): never {
    this.#state = { name: 'shut' }
    const code = error.code ?? 'unknown'
    this.#emit({ event: 'listen-failed', port: this.#port, code })
    throw listenError('listen', this.#host, this.#port, error)
  }

  async #listen(): Promise<{ server: Server } | { server?: undefined; error: NodeJS.ErrnoException }> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#accept)
    try {
      server.listen({ host: this.#host, port: this.#port })
      await once(server, 'listening')
    } catch (error) {
      return { error: error as NodeJS.ErrnoException }
    }
    this.#servers.add(server)
    server.once('close', () => this.#servers.delete(server))
    return { server }
  }
}

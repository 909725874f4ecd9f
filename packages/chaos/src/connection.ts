import { connect, type Socket } from 'node:net'
import type { ChaosEvent } from './chaos-event.ts'
import { type CloseWith, type Faults, forSide, type Side, type Sides } from './faults.ts'
import { destroySocket, sendFin, sendRst } from './end-socket.ts'
import type { ConnectionInfo, LiveConnection } from './live-connection.ts'
import { Pipe } from './pipe.ts'
import { deriveSeed, seededRandom } from './seeded-random.ts'
import { Timers } from './timers.ts'

/** What a connection needs from the proxy. */
export interface ConnectionHost {
  readonly target: { readonly host: string; readonly port: number }
  readonly seed: number
  readonly maxHeldBytes: number
  readonly nowMs: number
  faults(): Faults
  emit(event: ChaosEvent): void
  closed(id: number): void
}

// A failure of any other call happened while dialling.
const lateCalls = new Set<string | undefined>(['read', 'write', 'shutdown'])

// Bytes not yet read when the RST arrives are thrown away by some systems; on Linux libuv reports an end of stream
// instead of the reset when it finds both at once.
const pauseBeforeRstMs = 20

/** Names the client in events and lists. */
export function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'gone'}:${socket.remotePort ?? 0}`
}

/** Is one client joined to the target by two pipes. */
export class Connection implements LiveConnection {
  readonly #id: number
  readonly #host: ConnectionHost
  readonly #client: Socket
  readonly #server: Socket
  readonly #address: string
  readonly #openedAtMs: number
  readonly #timers = new Timers()
  readonly #closeWith: CloseWith
  readonly #up: Pipe
  readonly #down: Pipe
  /** Holds the sockets whose descriptors are not closed yet. */
  readonly #sockets: Set<Socket>
  #state: 'live' | 'closing' | 'closed' = 'live'

  constructor(id: number, client: Socket, host: ConnectionHost) {
    this.#id = id
    this.#host = host
    this.#client = client
    this.#address = addressOf(client)
    this.#openedAtMs = host.nowMs
    this.#server = connect({ ...host.target, allowHalfOpen: true, noDelay: true })
    this.#sockets = new Set([client, this.#server])
    const { closeAfterMs, closeWith } = host.faults()
    this.#closeWith = closeWith
    this.#up = this.#pipe('up', client, this.#server)
    this.#down = this.#pipe('down', this.#server, client)
    host.emit({ event: 'opened', connection: id, client: this.#address })
    this.#wire(client, this.#up, this.#down)
    this.#wire(this.#server, this.#down, this.#up)
    this.#server.once('connect', () => {
      host.emit({ event: 'connected', connection: id })
      this.#up.pump()
    })
    if (closeAfterMs > 0) this.#timers.after(closeAfterMs, () => this.#limit('closeAfterMs'))
  }

  get info(): ConnectionInfo {
    const [up, down] = [this.#up, this.#down]
    return {
      id: this.#id,
      client: this.#address,
      state: this.#state === 'live' ? 'live' : 'closing',
      openedAtMs: this.#openedAtMs,
      bytesUp: up.deliveredBytes,
      bytesDown: down.deliveredBytes,
      heldUp: up.heldBytes,
      heldDown: down.heldBytes,
      dead: both(up.state === 'dead', down.state === 'dead'),
    }
  }

  faultsChanged(): void {
    this.#up.faultsChanged()
    this.#down.faultsChanged()
  }

  cut(): void {
    if (this.#state === 'live') this.#leave('fin')
  }

  reset(): void {
    if (this.#state !== 'closed') this.#leave('rst')
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#sockets].map(destroySocket))
  }

  #pipe(side: Side, source: Socket, target: Socket): Pipe {
    return new Pipe(side, source, target, {
      timers: this.#timers,
      random: seededRandom(deriveSeed(this.#host.seed, 2 * this.#id + (side === 'up' ? 0 : 1))),
      maxHeldBytes: this.#host.maxHeldBytes,
      limitBytes: forSide(this.#host.faults().closeAfterBytes, side),
      faults: () => this.#host.faults(),
      deliverEnd: (how) => this.#deliverEnd(how, side, target),
      limitReached: () => this.#bytesReached(),
      died: () => this.#host.emit({ event: 'dead', connection: this.#id, side }),
      over: () => this.#pipeOver(),
    })
  }

  #wire(socket: Socket, from: Pipe, to: Pipe): void {
    socket.on('data', (bytes) => from.arrive(bytes))
    socket.on('end', () => from.arriveEnd('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#state === 'live') this.#failed(socket, from.side, error)
      // Whoever lost its peer learns it the way a network would tell: by a RST on the way back.
      from.arriveEnd('rst')
      to.abandon()
    })
    socket.on('close', () => {
      to.abandon()
      this.#socketClosed(socket)
    })
  }

  #failed(socket: Socket, side: Side, error: NodeJS.ErrnoException): void {
    const failure = { connection: this.#id, code: error.code ?? error.message }
    const isDial = socket === this.#server && !lateCalls.has(error.syscall)
    if (isDial) this.#host.emit({ event: 'target-failed', ...failure })
    else this.#host.emit({ event: 'aborted', side, ...failure })
  }

  #deliverEnd(how: 'fin' | 'rst', side: Side, target: Socket): void {
    if (how === 'rst') {
      sendRst(target, this.#timers)
      return
    }
    this.#host.emit({ event: 'half-closed', connection: this.#id, side })
    if (!target.destroyed) target.end()
  }

  #bytesReached(): void {
    const pauseMs = this.#closeWith === 'rst' ? pauseBeforeRstMs : 0
    this.#timers.after(pauseMs, () => this.#limit('closeAfterBytes'))
  }

  #limit(by: 'closeAfterBytes' | 'closeAfterMs'): void {
    if (this.#state !== 'live') return
    this.#host.emit({ event: 'limit', connection: this.#id, by, with: this.#closeWith })
    this.#leave(this.#closeWith)
  }

  #leave(how: CloseWith): void {
    this.#state = 'closing'
    this.#up.abandon()
    this.#down.abandon()
    const end = how === 'fin' ? sendFin : sendRst
    end(this.#client, this.#timers)
    end(this.#server, this.#timers)
  }

  #pipeOver(): void {
    if (this.#state !== 'live' || this.#up.state !== 'over' || this.#down.state !== 'over') return
    this.#state = 'closing'
    // Both ends have said their last word, or lost it to a blackhole: nothing is left to wait for.
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.destroySoon()
  }

  #socketClosed(socket: Socket): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0) return
    this.#state = 'closed'
    this.#timers.clear()
    this.#host.emit({
      event: 'closed',
      connection: this.#id,
      bytesUp: this.#up.deliveredBytes,
      bytesDown: this.#down.deliveredBytes,
      openMs: this.#host.nowMs - this.#openedAtMs,
    })
    this.#host.closed(this.#id)
  }
}

function both(up: boolean, down: boolean): Sides {
  if (up && down) return 'both'
  if (up) return 'up'
  return down ? 'down' : false
}

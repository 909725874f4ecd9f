import type { Socket } from 'node:net'
import { addressOf, type ConnectionHost } from './connection.ts'
import { destroySocket, sendFin, sendRst } from './end-socket.ts'
import type { ConnectionInfo, LiveConnection } from './live-connection.ts'
import { Timers } from './timers.ts'

// A client that has closed cannot be told from one that half-closed; its socket is kept this long and then let go.
const keepAfterFinMs = 10_000

/** Is a connection that was accepted only to be ignored, reset or closed; the target never hears of it. */
export class UnservedConnection implements LiveConnection {
  readonly #id: number
  readonly #client: Socket
  readonly #address: string
  readonly #openedAtMs: number
  readonly #timers = new Timers()

  constructor(id: number, client: Socket, accept: 'hang' | 'reset' | 'close', host: ConnectionHost) {
    this.#id = id
    this.#client = client
    this.#address = addressOf(client)
    this.#openedAtMs = host.nowMs
    host.emit({ event: 'opened', connection: id, client: this.#address })
    host.emit({ event: 'unserved', connection: id, accept })
    // Read and thrown away: a socket that is not read never tells that its client is gone.
    client.resume()
    client.on('end', () => this.#timers.after(keepAfterFinMs, () => client.destroy()))
    client.on('error', () => client.destroy())
    client.on('close', () => {
      this.#timers.clear()
      const openMs = host.nowMs - this.#openedAtMs
      host.emit({ event: 'closed', connection: id, bytesUp: 0, bytesDown: 0, openMs })
      host.closed(id)
    })
    if (accept === 'reset') this.reset()
    if (accept === 'close') this.cut()
  }

  get info(): ConnectionInfo {
    return {
      id: this.#id,
      client: this.#address,
      state: 'unserved',
      openedAtMs: this.#openedAtMs,
      bytesUp: 0,
      bytesDown: 0,
      heldUp: 0,
      heldDown: 0,
      dead: false,
    }
  }

  faultsChanged(): void {
    // How a dial was treated is settled when it is accepted.
  }

  cut(): void {
    sendFin(this.#client, this.#timers)
  }

  reset(): void {
    sendRst(this.#client, this.#timers)
  }

  destroy(): Promise<void> {
    return destroySocket(this.#client)
  }
}

import type { CreateSocket } from 'holdfast'

/** The first character of the frames that are no messages: PROTOCOL.md, section 1.3. */
const DLE = '\u0010'

/**
 * Counts messages that are put on a socket again, from what the sockets carry: messages are numbered by their order, and a
 * WELCOME says from which number on the server still needs them (PROTOCOL.md, sections 3.4 and 4.4).
 */
export class ReplayCounter {
  readonly #replayed: () => void
  /** The number of the message that goes out next, and the highest that ever went out. */
  #next = 1
  #highest = 0

  /** @param replayed runs for each message that goes out again */
  constructor(replayed: () => void) {
    this.#replayed = replayed
  }

  /** Makes sockets that are counted. */
  readonly createSocket: CreateSocket = (url, protocols) => {
    const socket = new WebSocket(url, [...protocols])
    const send = socket.send.bind(socket)
    socket.send = (data) => {
      this.#sent(data)
      send(data)
    }
    socket.addEventListener('message', ({ data }) => this.#received(data))
    return socket
  }

  #sent(data: unknown): void {
    const isMessage = typeof data !== 'string' || !data.startsWith(DLE) || data.startsWith(DLE, 1)
    if (!isMessage) return
    if (this.#next <= this.#highest) this.#replayed()
    this.#highest = Math.max(this.#highest, this.#next)
    this.#next += 1
  }

  #received(data: unknown): void {
    if (typeof data !== 'string' || !data.startsWith(`${DLE}W`)) return
    const { res, rx } = JSON.parse(data.slice(2)) as { readonly res: boolean; readonly rx: number }
    this.#next = rx + 1
    if (!res) this.#highest = 0
  }
}

import type { Clock } from '@holdfast/lifetime'
import type { CreateSocket, SocketContext, SocketLike } from '../socket-like.ts'
import { ClientEnd } from './client-end.ts'
import type { ServerSocket } from './server-socket.ts'

/** How a fake server behaves. */
export interface FakeServerOptions {
  /** The clock of the session under test, so that both live in the same time. */
  readonly clock: Clock
  /** How long a message takes one way, in milliseconds. Default 0: the next timer of the clock. */
  readonly latencyMs?: number
  /** What happens to a dial. Default `'accept'`. `'hang'`: no answer ever comes. `'refuse'`: it fails. */
  readonly onDial?: (url: string, protocols: readonly string[], context: SocketContext) => DialAnswer
}

/** What a fake server does with a dial; `protocol` is the subprotocol it chooses. */
export type DialAnswer = 'accept' | 'hang' | 'refuse' | { readonly protocol: string }

/** A server in memory. */
export interface FakeServer {
  /** For the option of that name. */
  readonly createSocket: CreateSocket
  /** Every connection that was accepted, oldest first. */
  readonly sockets: readonly ServerSocket[]
  /** How many dials there were, answered or not. */
  readonly dials: number
  /** The connection accepted last. @throws RangeError when there was none */
  readonly last: ServerSocket
  /** Runs for every connection accepted from now on. */
  onConnection(run: (socket: ServerSocket) => void): void
}

/**
 * Makes a WebSocket server in memory, for tests of anything that uses a session: no network, no real time.
 * @example
 * const clock = new ManualClock()
 * const server = fakeServer({ clock })
 * const session = connect('ws://test', { clock, createSocket: server.createSocket })
 * await clock.advance(0)
 * server.last.cut()
 */
export function fakeServer(options: FakeServerOptions): FakeServer {
  const ends: ClientEnd[] = []
  const listeners: ((socket: ServerSocket) => void)[] = []
  let dials = 0
  const accepted = () => ends.map((end) => end.server)
  return {
    createSocket(url, protocols, context): SocketLike {
      dials += 1
      const answer = options.onDial?.(url, protocols, context) ?? 'accept'
      const end = new ClientEnd(options.clock, options.latencyMs ?? 0, url, protocols)
      if (answer === 'refuse') end.refuse()
      else if (answer !== 'hang') {
        end.accept(answer === 'accept' ? '' : answer.protocol, () => {
          ends.push(end)
          for (const run of listeners) run(end.server)
        })
      }
      return end
    },
    get sockets() {
      return accepted()
    },
    get dials() {
      return dials
    },
    get last() {
      const last = accepted().at(-1)
      if (!last) throw new RangeError('fakeServer.last: no connection was accepted yet')
      return last
    },
    onConnection(run) {
      listeners.push(run)
    },
  }
}

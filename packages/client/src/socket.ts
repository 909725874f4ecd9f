import type { Ledger, Scope } from '@holdfast/lifetime'
import { listenForMessages, terminate, watchNodeSocket } from './platform-socket.ts'
import type { Ping, SocketEvents, SocketLike } from './socket-like.ts'

interface CloseInfo {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

const CLOSED = 3

/**
 * Watches one physical WebSocket from dial to end, and abandons it with the scope.
 * @param unref lets a Node process exit while the socket is open
 * @returns a function that sends a ping, where the platform can
 */
export function watchSocket(
  socket: SocketLike,
  scope: Scope,
  events: SocketEvents,
  unref: boolean,
): Ping | undefined {
  let kind: 'unreachable' | 'lost' = 'unreachable'
  let errno: string | undefined
  const closed = ({ code, reason, wasClean }: CloseInfo) => {
    // 1006, and 0 in Deno, are the platform's words for "no close frame came".
    if (code === 1006 || code === 0) events.ended(errno === undefined ? { kind } : { kind, errno })
    else events.ended({ kind: 'server-close', code, reason, wasClean })
  }
  socket.binaryType = 'arraybuffer'
  scope.hold('sockets', () => abandon(socket, scope.ledger))
  scope.listen(socket, 'open', () => {
    kind = 'lost'
    events.opened()
  })
  listenForMessages(socket, scope, (data) => events.message(data))
  scope.listen(socket, 'close', closed)
  scope.listen(socket, 'error', ({ error }: { error?: { code?: string } }) => {
    errno = error?.code
    // `close` follows at once; where the platform forgets it (Node 22), this ends the connection.
    scope.timeout(0, () => closed({ code: 1006, reason: '', wasClean: false }))
  })
  return watchNodeSocket(socket, scope, events, unref)
}

/**
 * Gives a socket up without waiting for it: its close handshake may take a minute in browsers and thirty seconds in `ws`,
 * see websockets/ws#2203. All that stays is a count, and a listener that knows nothing of the session.
 */
function abandon(socket: SocketLike, ledger: Ledger): void {
  if (socket.readyState === CLOSED || terminate(socket)) return
  const leaving = new Leaving(ledger)
  socket.addEventListener('close', leaving.gone.bind(leaving))
  try {
    socket.close()
  } catch {
    // A factory's socket may do anything; the session ends all the same.
    leaving.gone()
  }
}

/**
 * A socket that the platform still closes, in the count. A class, for a closure will not do: minifiers move functions into
 * their callers, and then the listener would hold all that the caller sees, the session as well.
 */
class Leaving {
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
    ledger.closing += 1
  }

  gone(): void {
    this.#ledger.closing -= 1
  }
}

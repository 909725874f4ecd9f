import type { SocketLike } from '../src/index.ts'

/** A socket that does nothing by itself: the test plays the platform. */
export class StubSocket implements SocketLike {
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'blob'
  readonly sent: unknown[] = []
  readonly closedWith: (readonly [code: number | undefined, reason: string | undefined])[] = []
  readonly #listeners = new Map<string, Set<(event: never) => void>>()

  send(data: never): void {
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    this.closedWith.push([code, reason])
    this.readyState = 2
  }

  addEventListener(type: string, run: (event: never) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(run))
  }

  removeEventListener(type: string, run: (event: never) => void): void {
    this.#listeners.get(type)?.delete(run)
  }

  /** How many listeners there are. */
  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0)
  }

  /** The platform says that it is open. */
  opens(): void {
    this.readyState = 1
    this.#emit('open', {})
  }

  /** The platform gives a message. */
  gives(data: unknown): void {
    this.#emit('message', { data })
  }

  /** The platform says that it is over. */
  ends(code: number, reason = ''): void {
    this.readyState = 3
    this.#emit('close', { code, reason, wasClean: code !== 1006 })
  }

  /** The platform says that something is wrong, and nothing more. */
  fails(code?: string): void {
    this.#emit('error', code === undefined ? {} : { error: { code } })
  }

  #emit(type: string, event: object): void {
    for (const run of this.#listeners.get(type) ?? []) run(event as never)
  }
}

/** Makes stub sockets and keeps them. */
export function stubSockets(): { readonly made: StubSocket[]; readonly createSocket: () => StubSocket } {
  const made: StubSocket[] = []
  return {
    made,
    createSocket() {
      const socket = new StubSocket()
      made.push(socket)
      return socket
    },
  }
}

/** Gives the socket made last. */
export function lastOf(sockets: readonly StubSocket[]): StubSocket {
  const last = sockets.at(-1)
  if (!last) throw new Error('no socket was made')
  return last
}

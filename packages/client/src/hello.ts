import type { Scope, Signal } from '@holdfast/lifetime'
import { answer, HoldfastError } from './errors.ts'
import type { Incoming, Message } from './message.ts'
import type { State } from './state.ts'
import type { AttemptContext } from './target.ts'

/** What `onConnected` gets: a new connection that nobody else uses yet. */
export interface ConnectedContext extends AttemptContext {
  /** The credentials that this attempt was made with. */
  readonly credentials: unknown
  /** The subprotocol that the server chose. */
  readonly protocol: string
  /** Sends at once, before anything that waits in the queue. */
  send(message: Message): void
  /** Takes the next message, in order; what is not taken is delivered once the session is open. */
  receive(options?: { readonly signal?: Signal }): Promise<Incoming>
}

/** Runs after each dial and before `open`, at most `helloTimeoutMs`. If it throws or rejects, the attempt failed. */
export type OnConnected = (context: ConnectedContext) => unknown

/** The messages of a connection that is not open yet: for `receive`, and the rest for later. */
export class Hello {
  readonly #scope: Scope
  readonly #unread: Incoming[] = []
  readonly #waiting = new Set<(message: Incoming) => void>()

  constructor(scope: Scope) {
    this.#scope = scope.child()
  }

  /** Feeds a message that arrived. */
  push(message: Incoming): void {
    const [take] = this.#waiting
    if (take) take(message)
    else this.#unread.push(message)
  }

  /** As `ConnectedContext.receive`. */
  receive({ signal }: { readonly signal?: Signal } = {}): Promise<Incoming> {
    if (this.#unread.length > 0 && !signal?.aborted) return Promise.resolve(this.#unread.shift() as Incoming)
    const received = new Promise<Incoming>((resolve, reject) => {
      const wait = this.#scope.child()
      const take = (message: Incoming) => {
        resolve(message)
        wait.end()
      }
      this.#waiting.add(take)
      wait.defer(() => {
        this.#waiting.delete(take)
        reject(signal?.aborted ? signal.reason : new HoldfastError('closed', 'receive: over'))
      })
      wait.onAbort(signal, () => wait.end())
    })
    return answer(received)
  }

  /** Ends it: whoever still waits is told, and what nobody took is given back. */
  end(): readonly Incoming[] {
    this.#scope.end()
    return this.#unread.splice(0)
  }
}

/** Rejects while the hook runs: what waits for messages to go out would wait for itself there. */
export function inHook(state: State): Promise<never> | undefined {
  if (state.name !== 'connecting' || state.phase !== 'hello') return undefined
  return Promise.reject(new HoldfastError('in-hook', 'onConnected: waits for itself'))
}

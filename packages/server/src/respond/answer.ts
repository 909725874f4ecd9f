import type { Scope } from '@holdfast/lifetime'
import { AnswerError, type Refusal, refusal } from './answer-error.ts'
import { drained, type Peer } from './peer.ts'
import { isJsonRpc, type RequestMessage } from './request-message.ts'

/** What a request's handler gets besides the request. */
export interface RequestContext {
  /** Aborts when the client is gone for good, or the request has taken too long. */
  readonly signal: AbortSignal
}

/**
 * Works on a request. What it returns is the `result` of the answer (`null` for nothing). An `AnswerError` that it throws is
 * told to the client; of any other error the client learns only that the request failed, and it goes where errors of message
 * handlers go: to the session's or the server's event `error`.
 */
export type RequestHandler = (request: RequestMessage, context: RequestContext) => unknown

/** The answer to one request: given at most once, and not to a client that is gone. */
export class Answer {
  readonly #peer: Peer
  readonly #request: RequestMessage
  readonly #parent: Scope
  #state: 'due' | 'given' = 'due'
  /** What `send` gave. */
  #sent: unknown

  constructor(peer: Peer, request: RequestMessage, parent: Scope) {
    this.#peer = peer
    this.#request = request
    this.#parent = parent
  }

  /** Has the request worked on, answers it, and waits while the client does not read. Rejects with what is to be reported. */
  async work(handler: RequestHandler, timeoutMs: number): Promise<void> {
    const scope = this.#parent.child()
    if (scope.ended) return
    const controller = new AbortController()
    scope.timeout(timeoutMs, () => {
      this.refuse('timeout')
      controller.abort(new DOMException('the request took too long', 'TimeoutError'))
    })
    scope.defer(() => {
      if (this.#state === 'due') controller.abort()
    })
    try {
      const result: unknown = await handler(this.#request, { signal: controller.signal })
      this.#give({ result: result ?? null })
    } catch (error) {
      this.#failed(error, controller.signal)
    } finally {
      scope.end()
      await drained(this.#peer, this.#sent, this.#parent)
    }
  }

  /** Answers with an error of the responder's own. */
  refuse(why: Refusal): void {
    this.#give({ error: told(refusal(why, isJsonRpc(this.#request))) })
  }

  #failed(error: unknown, { aborted, reason }: AbortSignal): void {
    let failure = error
    try {
      if (error instanceof AnswerError) return this.#give({ error: told(error) })
    } catch (unwritable) {
      failure = unwritable
    }
    this.refuse('failed')
    // That it stopped when it was asked to is no failure.
    if (!aborted || failure !== reason) throw failure
  }

  #give(body: object): void {
    if (this.#state === 'given') return
    const { id } = this.#request
    // Before anything is noted: what cannot be written as JSON is a failure of the handler's.
    const text = JSON.stringify(isJsonRpc(this.#request) ? { jsonrpc: '2.0', id, ...body } : { id, ...body })
    this.#state = 'given'
    if (!this.#parent.ended) this.#sent = this.#peer.send(text)
  }
}

function told({ code, message, data }: AnswerError): object {
  return { code, message, data }
}

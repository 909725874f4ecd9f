import { Scope, type Signal, systemClock } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import { HoldfastError } from '../errors.ts'
import type { Message } from '../message.ts'
import type { Session } from '../session.ts'
import { sessionEnded } from './ended.ts'
import { outsideHook, put } from './put.ts'
import { type WritableController, webStreams } from './web-streams.ts'

/** Makes a stream whose chunks are sent. A write is done when the session took the message with room to spare. */
export function writableOf(session: Session): WritableStream<Message> {
  const { WritableStream } = webStreams()
  return new WritableStream<Message>(new Sink(session), { highWaterMark: 1 })
}

class Sink {
  readonly #session: Session
  readonly #scope = new Scope(systemClock)
  /** Of messages that were written to this stream and have not come to their end. */
  readonly #receipts = new Set<Receipt>()
  #aborted: Promise<undefined> | undefined
  #stopped: () => boolean = () => this.#scope.ended

  constructor(session: Session) {
    this.#session = session
  }

  start(controller: WritableController): void {
    const scope = this.#scope
    const end = () => {
      scope.end()
      controller.error(sessionEnded(this.#session))
    }
    scope.defer(this.#session.on('closed', end))
    if (this.#session.state.name === 'closed') return end()
    const { signal } = controller as { readonly signal?: Signal }
    // Without it, as in older browsers, an abort waits for the write that is under way.
    if (!signal) return
    this.#stopped = () => scope.ended || signal.aborted
    this.#aborted = new Promise((resolve) => scope.listen(signal, 'abort', () => resolve(undefined)))
  }

  async write(message: Message, controller: WritableController): Promise<void> {
    const sent = put(this.#session, message, this.#stopped)
    const receipt = await (this.#aborted ? Promise.race([sent, this.#aborted]) : sent)
    if (!receipt) return
    if (receipt.error) throw receipt.error
    this.#receipts.add(receipt)
    void receipt.settled.then((status) => {
      this.#receipts.delete(receipt)
      if (status === 'written' || status === 'acked' || this.#stopped()) return
      this.#scope.end()
      const what = `stream: a message that was written is ${status}`
      controller.error(new HoldfastError('not-sent', what, { cause: receipt.error }))
    })
  }

  async close(): Promise<void> {
    await outsideHook(this.#session, () => this.#session.flushed())
    this.#scope.end()
  }

  abort(): void {
    this.#scope.end()
    for (const receipt of this.#receipts) this.#session.queue.cancel(receipt)
  }
}

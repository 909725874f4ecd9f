import { BoundedIterator, HandledIterator } from '@holdfast/mailbox'
import type { AckMode } from '@holdfast/protocol'
import { ServerError } from '../errors.ts'

/** What arrives: text, or binary. */
export type SessionIncoming = string | Uint8Array

interface Reader {
  readonly push: (message: SessionIncoming, handled: () => void) => void
  readonly end: () => void
}

/** The loops over one session's messages. */
export class Readers {
  readonly #ackMode: AckMode
  readonly #maxUnread: number
  readonly #open = new Set<Reader>()
  #state: 'open' | 'ended' = 'open'

  constructor(ackMode: AckMode, maxUnread: number) {
    this.#ackMode = ackMode
    this.#maxUnread = maxUnread
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size
  }

  /** Opens a loop over what arrives from now on. */
  iterate(): AsyncIterableIterator<SessionIncoming> {
    return this.#ackMode === 'handled' ? this.#handled() : this.#bounded()
  }

  /** Gives a message to every loop; `handled` is called once by each, when it is done with it. */
  push(message: SessionIncoming, handled: () => void): void {
    for (const reader of this.#open) reader.push(message, handled)
  }

  /** Ends every loop after what is still unread. */
  end(): void {
    this.#state = 'ended'
    for (const { end } of this.#open) end()
  }

  #handled(): HandledIterator<SessionIncoming> {
    const iterator = new HandledIterator<SessionIncoming>(() => this.#open.delete(reader))
    const reader: Reader = {
      push: (message, handled) => iterator.push(message, handled),
      end: () => iterator.end(),
    }
    this.#enter(reader)
    return iterator
  }

  #bounded(): BoundedIterator<SessionIncoming> {
    const limit = this.#maxUnread
    const overflow = () =>
      new ServerError('iterator-overflow', `iterator: more than ${limit} messages unread, maxUnread`)
    const onEnd = () => void this.#open.delete(reader)
    const iterator = new BoundedIterator<SessionIncoming>({ maxBuffered: limit, overflow, onEnd })
    const reader: Reader = { push: (message) => iterator.push(message), end: () => iterator.end() }
    this.#enter(reader)
    return iterator
  }

  #enter(reader: Reader): void {
    this.#open.add(reader)
    if (this.#state === 'ended') reader.end()
  }
}

import type { Incoming, Message } from 'holdfast'

/** How many different messages are remembered; the oldest are forgotten first. */
const mostMessages = 10_000

/** Knows what was sent and what came back of it: an echo more often than its message was sent is a duplicate. */
export class EchoBook {
  readonly #due = new Map<string, number>()

  /** A message was sent, so one echo is due. */
  sent(message: Message): void {
    const key = keyOf(message)
    if (key === undefined) return
    const due = (this.#due.get(key) ?? 0) + 1
    this.#due.delete(key)
    this.#due.set(key, due)
    const [oldest] = this.#due.keys()
    if (this.#due.size > mostMessages && oldest !== undefined) this.#due.delete(oldest)
  }

  /** Says whether what arrived is an echo too many. What this page never sent is none. */
  isDuplicate(message: Incoming): boolean {
    const key = keyOf(message)
    const due = key === undefined ? undefined : this.#due.get(key)
    if (key === undefined || due === undefined) return false
    if (due > 0) this.#due.set(key, due - 1)
    return due === 0
  }
}

function keyOf(message: Message): string | undefined {
  if (typeof message === 'string') return `text ${message}`
  if (message instanceof Blob) return undefined
  const bytes = ArrayBuffer.isView(message)
    ? new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
    : new Uint8Array(message)
  return `binary ${bytes.join(' ')}`
}

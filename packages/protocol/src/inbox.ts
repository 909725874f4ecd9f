import type { Limits } from './limits.ts'

/** What an inbox remembers across connections: plain data. */
export interface InboxState {
  /** Number of the last message accepted. */
  rx: number
  /** Every message up to here is handled. */
  handled: number
}

/** Returns the state of an inbox that has received nothing. */
export function emptyInbox(): InboxState {
  return { rx: 0, handled: 0 }
}

/** Most handled messages and bytes that may go without an acknowledgement, whatever the window. */
export const ackBounds = { maxMessages: 64, maxBytes: 65_536 } as const

/**
 * Counts what arrives, and decides when an acknowledgement is due: after half a window at the latest, because a sender
 * whose window is shorter than a fixed count would otherwise crawl at one window per timer.
 */
export class Inbox {
  readonly #state: InboxState
  readonly #limits: Limits
  readonly #dueMessages: number
  readonly #dueBytes: number
  /** Sizes of the messages from handled + 1 to rx. */
  readonly #sizes: number[] = []
  /** Numbers handled out of order, all above `handled`. */
  readonly #ahead = new Set<number>()
  /** The acknowledgement the other end was last told. */
  #told: number
  /** Bytes handled since then. */
  #untoldBytes = 0

  constructor(state: InboxState, limits: Limits) {
    this.#state = state
    this.#limits = limits
    this.#dueMessages = Math.min(ackBounds.maxMessages, Math.ceil(limits.windowMessages / 2))
    this.#dueBytes = Math.min(ackBounds.maxBytes, Math.ceil(limits.windowBytes / 2))
    this.#told = state.handled
  }

  get rx(): number {
    return this.#state.rx
  }

  get handled(): number {
    return this.#state.handled
  }

  /** Counts a message and returns its number, or why it may not come in. */
  accept(bytes: number): number | 'too-large' | 'window' {
    if (bytes > this.#limits.maxBytes) return 'too-large'
    if (this.#state.rx - this.#told >= this.#limits.windowMessages) return 'window'
    this.#sizes.push(bytes)
    this.#state.rx += 1
    return this.#state.rx
  }

  /** Notes that the application is done with a message; a number that is not open does nothing. */
  settle(number: number): void {
    if (number <= this.#state.handled || number > this.#state.rx) return
    if (number > this.#state.handled + 1) {
      this.#ahead.add(number)
      return
    }
    // Nearly always they come in order: then nothing has to be remembered.
    do {
      this.#state.handled += 1
      this.#untoldBytes += this.#sizes.shift() ?? 0
    } while (this.#ahead.delete(this.#state.handled + 1))
  }

  /** True when something is handled that the other end was not told. */
  get isOwing(): boolean {
    return this.#state.handled > this.#told
  }

  /** True when the acknowledgement may not wait any longer. */
  get isDue(): boolean {
    return this.#state.handled - this.#told >= this.#dueMessages || this.#untoldBytes >= this.#dueBytes
  }

  /** Returns the acknowledgement to put into a frame now, and notes that it was told. */
  tell(): number {
    this.#told = this.#state.handled
    this.#untoldBytes = 0
    return this.#told
  }
}

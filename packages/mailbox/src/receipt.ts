/** Where a message is, or how it ended. `queued` and `written` can still change in resume mode; the rest are final. */
export type ReceiptStatus = 'queued' | 'written' | FinalStatus

/**
 * How a message ended. `acked`: the peer's session has it (resume mode only). `rejected`: it never could be sent, see
 * `error`. `dropped`: the overflow policy, a newer message with the same key, `whenOffline: 'drop'` or the application
 * removed it. `expired`: its time to live ran out. `undelivered`: the session ended and it certainly did not arrive.
 * `uncertain`: the session ended and nothing proves either.
 */
export type FinalStatus =
  | 'written'
  | 'acked'
  | 'rejected'
  | 'dropped'
  | 'expired'
  | 'undelivered'
  | 'uncertain'

/** What `send` returns: where that message is now, and how it ended. */
export interface Receipt<Final extends string = FinalStatus> {
  /** Where the message is now. */
  readonly status: 'queued' | 'written' | Final
  /** Why it was rejected; `undefined` for every other status. */
  readonly error: Error | undefined
  /** Resolves with the final status, in every case, and never rejects. */
  readonly settled: Promise<Final>
}

/** The sender's side of a receipt. */
export class ReceiptEntry<Final extends string = FinalStatus> implements Receipt<Final> {
  #status: 'queued' | 'written' | Final = 'queued'
  #error: Error | undefined
  #final: Final | undefined
  #settled: Promise<Final> | undefined
  #resolve: ((status: Final) => void) | undefined

  get status(): 'queued' | 'written' | Final {
    return this.#status
  }

  get error(): Error | undefined {
    return this.#error
  }

  /** Made at the first look, so that a message nobody asks about costs no promise. */
  get settled(): Promise<Final> {
    this.#settled ??=
      this.#final === undefined
        ? new Promise((resolve) => {
            this.#resolve = resolve
          })
        : Promise.resolve(this.#final)
    return this.#settled
  }

  /** Says that the message is on a wire, where that is not the end. */
  written(): void {
    if (this.#final === undefined) this.#status = 'written'
  }

  /** Says how the message ended. The first end counts, a further one is ignored. */
  settle(status: Final, error?: Error): void {
    if (this.#final !== undefined) return
    this.#final = status
    this.#status = status
    this.#error = error
    this.#resolve?.(status)
  }
}

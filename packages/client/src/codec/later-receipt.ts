import { type FinalStatus, type Receipt, ReceiptEntry, type ReceiptStatus } from '@holdfast/mailbox'

/** The receipt of a value that is no message yet: `queued` until it is one, and then that message's. */
export class LaterReceipt implements Receipt {
  #of: Receipt | undefined
  #settled: Promise<FinalStatus> | undefined
  #resolve: ((end: Promise<FinalStatus>) => void) | undefined

  get status(): ReceiptStatus {
    return this.#of?.status ?? 'queued'
  }

  get error(): Error | undefined {
    return this.#of?.error
  }

  get settled(): Promise<FinalStatus> {
    this.#settled ??= this.#of?.settled ?? new Promise((resolve) => (this.#resolve = resolve))
    return this.#settled
  }

  /** The receipt of the message, once there is one. */
  get of(): Receipt | undefined {
    return this.#of
  }

  /** The value is in the message with this receipt. The first call counts. */
  become(receipt: Receipt): void {
    if (this.#of) return
    this.#of = receipt
    this.#resolve?.(receipt.settled)
  }
}

/** Makes a receipt that has come to its end. */
export function settledReceipt(status: FinalStatus, error?: Error): Receipt {
  const receipt = new ReceiptEntry()
  receipt.settle(status, error)
  return receipt
}

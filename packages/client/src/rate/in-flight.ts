import type { Receipt } from '@holdfast/mailbox'

/**
 * Counts what was sent and is not acknowledged, which resume mode sends again after a break. Messages are acknowledged in
 * order, so it is enough to look at the oldest; nothing is allocated for a message.
 */
export class InFlight {
  readonly #receipts: Receipt[] = []
  readonly #bytes: number[] = []
  #first = 0

  /** Notes a message that was sent. */
  add(receipt: Receipt, bytes: number): void {
    this.#forgetSettled()
    this.#receipts.push(receipt)
    this.#bytes.push(bytes)
  }

  /** Adds up what is on the wire with no answer. */
  total(): { readonly messages: number; readonly bytes: number } {
    this.#forgetSettled()
    let messages = 0
    let bytes = 0
    for (let at = this.#first; at < this.#receipts.length; at += 1) {
      if (this.#receipts[at]?.status !== 'written') continue
      messages += 1
      bytes += this.#bytes[at] ?? 0
    }
    return { messages, bytes }
  }

  #forgetSettled(): void {
    const { length } = this.#receipts
    while (this.#first < length && isSettled(this.#receipts[this.#first])) this.#first += 1
    if (this.#first * 2 < length) return
    // Seldom enough to cost each message a constant share.
    this.#receipts.copyWithin(0, this.#first).length -= this.#first
    this.#bytes.copyWithin(0, this.#first).length -= this.#first
    this.#first = 0
  }
}

function isSettled(receipt: Receipt | undefined): boolean {
  return receipt?.status !== 'queued' && receipt?.status !== 'written'
}

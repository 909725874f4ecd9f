import type { Receipt } from '@holdfast/mailbox'

/**
 * Counts what was sent and is not acknowledged, which resume mode sends again after a break. Messages are acknowledged in
 * order, so it is enough to look at the oldest. A ring that grows with the window and is then used again and again: nothing
 * is allocated for a message.
 */
export class InFlight {
  #receipts: (Receipt | undefined)[] = [undefined]
  #bytes: number[] = [0]
  #first = 0
  #count = 0

  /** Notes a message that was sent. */
  add(receipt: Receipt, bytes: number): void {
    this.#forgetSettled()
    if (this.#count === this.#receipts.length) this.#grow()
    const at = this.#place(this.#count)
    this.#receipts[at] = receipt
    this.#bytes[at] = bytes
    this.#count += 1
  }

  /** Adds up what is on the wire with no answer. */
  total(): { readonly messages: number; readonly bytes: number } {
    this.#forgetSettled()
    let messages = 0
    let bytes = 0
    for (let n = 0; n < this.#count; n += 1) {
      const at = this.#place(n)
      if (this.#receipts[at]?.status !== 'written') continue
      messages += 1
      bytes += this.#bytes[at] ?? 0
    }
    return { messages, bytes }
  }

  #place(n: number): number {
    return (this.#first + n) % this.#receipts.length
  }

  #forgetSettled(): void {
    while (this.#count > 0 && isSettled(this.#receipts[this.#first])) {
      this.#receipts[this.#first] = undefined
      this.#first = this.#place(1)
      this.#count -= 1
    }
  }

  #grow(): void {
    const places = Array.from({ length: 2 * this.#count }, (_, n) => (n < this.#count ? this.#place(n) : -1))
    const [receipts, bytes] = [this.#receipts, this.#bytes]
    this.#receipts = places.map((at) => receipts[at])
    this.#bytes = places.map((at) => bytes[at] ?? 0)
    this.#first = 0
  }
}

function isSettled(receipt: Receipt | undefined): boolean {
  return receipt?.status !== 'queued' && receipt?.status !== 'written'
}

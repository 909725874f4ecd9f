import type { Receipt } from 'holdfast'

/** How a line of ours is doing, in one word. `absent`: uncertain, and not in what the room has. */
export type Fate = Receipt['status'] | 'absent'

/** A line of ours, from the moment it was said until the room shows it. */
export class OwnLine {
  readonly k: number
  readonly text: string
  readonly #receipt: Receipt
  #isLookedFor = false

  constructor(k: number, text: string, receipt: Receipt) {
    this.k = k
    this.text = text
    this.#receipt = receipt
  }

  /** Where it is now. */
  get fate(): Fate {
    const { status } = this.#receipt
    return status === 'uncertain' && this.#isLookedFor ? 'absent' : status
  }

  /** Resolves when its receipt is final. */
  get settled(): Promise<unknown> {
    return this.#receipt.settled
  }

  /** The room was read to its end, and this line was not in it. */
  notFound(): void {
    this.#isLookedFor = this.#receipt.status === 'uncertain'
  }
}

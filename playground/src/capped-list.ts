import { part } from './element.ts'

/** A list with the newest entry on top that forgets the oldest ones, so that a page left open for a week stays small. */
export class CappedList {
  readonly #list: HTMLElement
  readonly #empty: HTMLElement
  readonly #most: number
  #arrived: Node[] = []
  #frame = 0

  constructor(listId: string, emptyId: string, most: number) {
    this.#list = part(listId)
    this.#empty = part(emptyId)
    this.#most = most
  }

  /** Adds an entry; those of one frame go into the page together. */
  add(entry: Node): void {
    this.#arrived.unshift(entry)
    // A hidden page gets no frames: what would fall off again is not kept for them.
    if (this.#arrived.length > this.#most) this.#arrived.length = this.#most
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show())
  }

  empty(): void {
    this.#arrived = []
    this.#list.replaceChildren()
    this.#empty.hidden = false
  }

  #show(): void {
    this.#frame = 0
    this.#list.prepend(...this.#arrived.splice(0))
    while (this.#list.childElementCount > this.#most) this.#list.lastElementChild?.remove()
    this.#empty.hidden = this.#list.childElementCount > 0
  }
}

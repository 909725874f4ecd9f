import type { Line } from './wire.ts'

/** How what arrived differs from what should have. */
export interface Findings {
  readonly lines: number
  readonly missing: number
  readonly doubled: number
  readonly disordered: number
}

/** Watches numbers that should come as 1, 2, 3, …; the first one may be any. */
class Sequence {
  readonly #missing = new Set<number>()
  #last: number | undefined

  /** Takes the next number, and tells what is wrong with it. */
  take(number: number): 'fits' | 'late' | 'double' {
    const expected = (this.#last ?? number - 1) + 1
    for (let missed = expected; missed < number; missed += 1) this.#missing.add(missed)
    if (number >= expected) {
      this.#last = number
      return 'fits'
    }
    return this.#missing.delete(number) ? 'late' : 'double'
  }

  /** How many did not come. */
  get missing(): number {
    return this.#missing.size
  }
}

/** Checks by numbers that lines come once and in order: those of the room, and those of each page that said them. */
export class Ledger {
  #room = new Sequence()
  readonly #authors = new Map<string, Sequence>()
  #lines = 0
  #doubled = 0
  #disordered = 0

  /** Takes a line as it arrives. */
  take({ n, from, k }: Line): void {
    this.#lines += 1
    const author = this.#authors.get(from) ?? new Sequence()
    this.#authors.set(from, author)
    const [inRoom, ofAuthor] = [this.#room.take(n), author.take(k)]
    if (inRoom === 'double' || ofAuthor === 'double') this.#doubled += 1
    else if (inRoom === 'late' || ofAuthor === 'late') this.#disordered += 1
  }

  /** Begins anew with whatever comes next: what lies before it was never promised. */
  skip(): void {
    this.#room = new Sequence()
    this.#authors.clear()
  }

  /** What was found so far. */
  get findings(): Findings {
    const sequences = [this.#room, ...this.#authors.values()]
    return {
      lines: this.#lines,
      // A line that the room itself never got is missed by its author's numbers only.
      missing: Math.max(...sequences.map(({ missing }) => missing)),
      doubled: this.#doubled,
      disordered: this.#disordered,
    }
  }
}

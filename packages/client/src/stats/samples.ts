/** How measurements are spread. All in the unit that was measured. */
export interface Spread {
  /** How many measurements this is made from: the latest, at most as many as are kept. */
  readonly samples: number
  readonly last: number
  readonly min: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** The latest measurements, in a fixed piece of memory. */
export class Samples {
  readonly #kept: Float64Array
  #count = 0

  /** @param most how many are kept */
  constructor(most: number) {
    this.#kept = new Float64Array(most)
  }

  /** Adds one, in place of the oldest if there is no room. */
  add(value: number): void {
    this.#kept[this.#count % this.#kept.length] = value
    this.#count += 1
  }

  /** Forgets all. */
  clear(): void {
    this.#count = 0
  }

  /** Tells how they are spread, by nearest rank; `null` when there are none. */
  spread(): Spread | null {
    const { length } = this.#kept
    const samples = Math.min(this.#count, length)
    if (samples === 0) return null
    const sorted = this.#kept.slice(0, samples).sort()
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * samples) - 1)] ?? 0
    const last = this.#kept[(this.#count - 1) % length] ?? 0
    return { samples, last, min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
  }
}

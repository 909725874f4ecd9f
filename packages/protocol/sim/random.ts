/** A small, fast, seeded source of numbers (sfc32): the same seed gives the same run, everywhere. */
export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.trunc(seed / 0x1_0000_0000) | 0
    this.#c = 0x9e3779b9 | 0
    for (let warm = 0; warm < 12; warm += 1) this.unit()
  }

  /** Returns a number in [0, 1). */
  unit(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    this.#c |= 0
    return (t >>> 0) / 0x1_0000_0000
  }

  /** Returns a whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  /** Returns true with a probability. */
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<Item>(...items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.unit() * items.length)] ?? items[0]
  }

  /** Returns a waiting time around a mean, many short and a few long. */
  wait(mean: number): number {
    return Math.ceil(-Math.log(1 - this.unit()) * mean)
  }
}

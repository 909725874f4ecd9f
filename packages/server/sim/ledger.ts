/** Thrown when a promise is broken: the run ends there. */
export class Broken extends Error {}

/** Knows what both ends did, and compares it with what is promised to servers that share a store (PROTOCOL.md, section 11). */
export class Ledger {
  readonly counts: Record<string, number> = {}
  #broken: string | undefined
  readonly #numbers = new Map<string, string>()
  readonly #places = new Map<string, string>()
  readonly #lastOf = new Map<string, number>()
  readonly #streams = new Map<string, number>()
  readonly #received = new Set<string>()

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by
  }

  /** The first promise that was broken: kept, because who calls may catch what is thrown. */
  get broken(): string | undefined {
    return this.#broken
  }

  check(holds: boolean, what: () => string): void {
    if (holds) return
    this.#broken ??= what()
    throw new Broken(this.#broken)
  }

  /** A server's application got a message: under one number for good, in order, and within one object once. */
  up(object: string, id: string, number: number, message: string): void {
    const place = `${id} ${number}`
    const before = this.#numbers.get(place)
    this.count(before === undefined ? 'up' : 'up again')
    this.check(before === undefined || before === message, () => `${place} is ${message} and was ${before}`)
    this.check(
      (this.#places.get(message) ?? place) === place,
      () => `${message} is ${place} and ${this.#places.get(message)}`,
    )
    const last = this.#lastOf.get(object)
    this.check(last === undefined || number === last + 1, () => `${object} got ${number} after ${last}`)
    this.check(
      number === 1 || this.#numbers.has(`${id} ${number - 1}`),
      () => `${place} came before the one before it`,
    )
    this.#numbers.set(place, message)
    this.#places.set(message, place)
    this.#lastOf.set(object, number)
  }

  wasDelivered(message: string): boolean {
    return this.#places.has(message)
  }

  /** The client got a message: of each object's messages all from the first, in order, once. */
  down(message: string): void {
    const cut = message.lastIndexOf(':')
    const [stream, number] = [message.slice(0, cut), Number(message.slice(cut + 1))]
    const expected = (this.#streams.get(stream) ?? 0) + 1
    this.check(number === expected, () => `the client got ${message}, expected ${expected}`)
    this.#streams.set(stream, number)
    this.#received.add(message)
    this.count('down')
  }

  didArrive(message: string): boolean {
    return this.#received.has(message)
  }
}

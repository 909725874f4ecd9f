/**
 * Remembers which member served a key last. Keeps at least half and at most all of `maxKeys` keys, those used last: two maps,
 * of which the older one is dropped when the younger one is full. So remembering costs the same however many keys there are.
 */
export class Affinity<Member> {
  readonly #maxYoung: number
  #young = new Map<unknown, Member>()
  #old = new Map<unknown, Member>()

  /** @param maxKeys at least 2 */
  constructor(maxKeys: number) {
    this.#maxYoung = Math.ceil(maxKeys / 2)
  }

  /** Tells who served the key last, if that is remembered. */
  find(key: unknown): Member | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** Notes that the member serves the key now. */
  keep(key: unknown, member: Member): void {
    if (this.#young.get(key) === member) return
    if (this.#young.size >= this.#maxYoung) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, member)
  }

  /** Forgets the member, so that it is not held. Looks at every key: for the rare moment at which a member goes. */
  forget(member: Member): void {
    for (const keys of [this.#young, this.#old]) {
      for (const [key, kept] of keys) if (kept === member) keys.delete(key)
    }
  }
}

/** What can be ranked by how many leases of it are out. */
export interface Ranked {
  /** Changed only while it is not among the ranks. */
  leases: number
  /** Its place among those with as many leases; -1 while it is not among the ranks. For this file only. */
  rank: number
}

/**
 * Members that have room, by how many of their leases are out. Adding, removing and finding the least pending one take the
 * same few steps however many there are. Of those with as few, the one that came back last is the first to go out, so that
 * the others become idle and can be closed.
 */
export class LeastPending<Member extends Ranked> {
  readonly #byLeases: Member[][] = []
  /** No member has fewer leases than this. Sinks by one with a release, so rising again costs no more than that. */
  #lowest = 0
  #size = 0

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** Adds a member that is not here. */
  add(member: Member): void {
    const { leases } = member
    const alike = (this.#byLeases[leases] ??= [])
    member.rank = alike.push(member) - 1
    this.#size += 1
    if (leases < this.#lowest) this.#lowest = leases
  }

  /** Takes a member out; does nothing when it is not here. */
  remove(member: Member): void {
    const { rank } = member
    if (rank === -1) return
    const alike = this.#byLeases[member.leases] as Member[]
    const last = alike.pop() as Member
    if (last !== member) {
      alike[rank] = last
      last.rank = rank
    }
    member.rank = -1
    this.#size -= 1
  }

  /** Tells one with the fewest leases out. */
  get least(): Member | undefined {
    if (this.#size === 0) return undefined
    for (;;) {
      const alike = this.#byLeases[this.#lowest]
      if (alike !== undefined && alike.length > 0) return alike[alike.length - 1]
      this.#lowest += 1
    }
  }
}

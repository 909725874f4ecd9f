import type { ResolvedBackpressure } from './backpressure.ts'

/** A message on its way to many: the same object for all of them. */
export interface Parcel {
  readonly data: string | Uint8Array
  /** Its size, for text as UTF-8. */
  readonly bytes: number
  /** Names what it is the state of, for `coalesce`. */
  readonly key: string | undefined
}

/** What became of a message: it waits, maybe at the cost of others, or it does not. */
export interface BacklogAnswer {
  readonly kept: boolean
  /** How many were dropped, this one included. */
  readonly dropped: number
}

/** What waits for one member, never more than its bounds. */
export class Backlog {
  readonly #bounds: ResolvedBackpressure
  /** In order; under its key, or under a number of its own. */
  readonly #parcels = new Map<string | number, Parcel>()
  #bytes = 0
  #lastNumber = 0

  constructor(bounds: ResolvedBackpressure) {
    this.#bounds = bounds
  }

  /** How many wait. */
  get messages(): number {
    return this.#parcels.size
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds one at the end, if there is room or room can be made. */
  add(parcel: Parcel): BacklogAnswer {
    const { policy, maxMessages, maxBytes } = this.#bounds
    const mark = policy === 'coalesce' && parcel.key !== undefined ? parcel.key : (this.#lastNumber += 1)
    let dropped = this.#remove(mark) ? 1 : 0
    if (parcel.bytes > maxBytes || maxMessages === 0) return { kept: false, dropped: dropped + 1 }
    while (!this.#hasRoom(parcel)) {
      dropped += 1
      if (policy === 'disconnect' || policy === 'drop-newest') return { kept: false, dropped }
      this.take()
    }
    this.#parcels.set(mark, parcel)
    this.#bytes += parcel.bytes
    return { kept: true, dropped }
  }

  /** Takes the oldest. */
  take(): Parcel | undefined {
    const [first] = this.#parcels
    if (first === undefined) return undefined
    this.#remove(first[0])
    return first[1]
  }

  /** Drops everything. @returns how many there were */
  clear(): number {
    const dropped = this.#parcels.size
    this.#parcels.clear()
    this.#bytes = 0
    return dropped
  }

  #hasRoom({ bytes }: Parcel): boolean {
    return this.#parcels.size < this.#bounds.maxMessages && this.#bytes + bytes <= this.#bounds.maxBytes
  }

  #remove(mark: string | number): boolean {
    this.#bytes -= this.#parcels.get(mark)?.bytes ?? 0
    return this.#parcels.delete(mark)
  }
}

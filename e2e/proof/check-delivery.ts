/** What two logs say about one direction. */
export interface Delivery {
  readonly accepted: number
  readonly delivered: number
  /** Accepted and never delivered. */
  readonly lost: readonly string[]
  /** Delivered again. */
  readonly duplicated: readonly string[]
  /** Delivered after one that was accepted later. */
  readonly reordered: readonly string[]
  /** Delivered as nobody sent it. */
  readonly invented: readonly string[]
}

/** Compares what a sender's log says was accepted with what the receiver's log says was delivered. */
export function checkDelivery(accepted: readonly string[], delivered: readonly string[]): Delivery {
  const places = new Map(accepted.map((message, place) => [message, place]))
  const seen = new Set<string>()
  const found = { duplicated: [] as string[], reordered: [] as string[], invented: [] as string[] }
  let furthest = -1
  for (const message of delivered) {
    const place = places.get(message)
    if (place === undefined) found.invented.push(message)
    else if (seen.has(message)) found.duplicated.push(message)
    else if (place < furthest) found.reordered.push(message)
    seen.add(message)
    furthest = Math.max(furthest, place ?? -1)
  }
  const lost = accepted.filter((message) => !seen.has(message))
  return { accepted: accepted.length, delivered: delivered.length, lost, ...found }
}

/** Whether every message arrived once and in order. */
export function isWhole({ lost, duplicated, reordered, invented }: Delivery): boolean {
  return [lost, duplicated, reordered, invented].every((some) => some.length === 0)
}

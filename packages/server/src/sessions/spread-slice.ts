/** A part of a spread: when it begins, and how long it is. */
export interface SpreadSlice {
  readonly afterMs: number
  readonly spreadMs: number
}

/**
 * Divides a spread among a known number of clients: each draws its moment in a part of its own, so that as many go in each second, and
 * not only on average. Moments drawn from the whole would crowd here and there, the more the fewer there are.
 */
export function spreadSlice(index: number, count: number, spreadMs: number): SpreadSlice {
  const startOf = (at: number) => Math.floor((at * spreadMs) / count)
  return { afterMs: startOf(index), spreadMs: startOf(index + 1) - startOf(index) }
}

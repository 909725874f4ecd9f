/** Gives the next number of a sequence, from 0 up to but not including 1. */
export type Random = () => number

/** The largest seed; seeds are unsigned 32-bit integers. */
export const maxSeed = 2 ** 32 - 1

// A Weyl sequence (SplitMix: Steele, Lea, Flood 2014) with the 32-bit finaliser of MurmurHash3.
function mix(state: number): number {
  let z = state
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/** Makes a generator whose numbers depend on the seed alone; good enough for tests, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = mix(seed | 0) | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    return mix(state) / 2 ** 32
  }
}

/** Derives a seed for one part, so that the order in which parts draw numbers does not matter. */
export function deriveSeed(seed: number, part: number): number {
  return mix((seed | 0) ^ Math.imul(part + 1, 0x9e3779b1))
}

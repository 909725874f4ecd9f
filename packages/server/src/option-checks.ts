import { printable } from './printable.ts'

// Each check returns the value it was given, or throws an error that names the option, its bound and what it received.

/** The bounds of a number. */
export interface Bounds {
  readonly min: number
  readonly max: number
  /** Allows `Infinity`, which then means "no limit" or "never". */
  readonly orInfinity?: boolean
}

/** Takes an integer within bounds. @throws TypeError for what is no number, RangeError for one out of bounds */
export function integer(name: string, value: unknown, { min, max, orInfinity = false }: Bounds): number {
  const wanted = `an integer from ${min} to ${max}${orInfinity ? ', or Infinity' : ''}`
  if (typeof value !== 'number') throw new TypeError(`${name}: must be ${wanted}, received ${shown(value)}`)
  if (orInfinity && value === Number.POSITIVE_INFINITY) return value
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name}: must be ${wanted}, received ${shown(value)}`)
}

/** Takes `true` or `false`, and nothing that merely counts as such. @throws TypeError */
export function flag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name}: must be true or false, received ${shown(value)}`)
}

/** Takes a string of at least one character. @throws TypeError for another type, RangeError when empty */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name}: must be a string, received ${shown(value)}`)
  if (value.length === 0) throw new RangeError(`${name}: must have at least 1 character, received ''`)
  return value
}

/** Takes a function. @throws TypeError */
export function callable<Run extends (...args: never) => unknown>(name: string, value: Run): Run {
  if (typeof value === 'function') return value
  throw new TypeError(`${name}: must be a function, received ${shown(value)}`)
}

/** Takes one of a few values. @throws RangeError */
export function oneOf<Value>(name: string, value: unknown, allowed: readonly Value[]): Value {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw new RangeError(`${name}: must be one of ${allowed.join(', ')}, received ${shown(value)}`)
}

/** Refuses names that are not known, so that a misspelt limit does not silently stay at its default. @throws TypeError */
export function knownNames(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new TypeError(`${what}: ${printable(name)} is unknown; known are ${known.join(', ')}`)
    }
  }
}

/** Shows a received value in one short, printable piece. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${printable(value)}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

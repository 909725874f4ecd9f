// The checks that options and arguments go through. Each names the thing, the bound and what was received.

/** Smallest and largest allowed value. */
export type Bounds = readonly [min: number, max: number]

/** @throws TypeError when `value` is no number, RangeError when it is outside `bounds` */
export function assertNumber(name: string, value: unknown, [min, max]: Bounds): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name}: must be a number, got ${describe(value)}`)
  if (!(value >= min && value <= max)) {
    throw new RangeError(`${name}: must be from ${min} to ${max}, got ${value}`)
  }
}

/** @throws TypeError when `value` is given and is no function */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${name}: must be a function, got ${describe(value)}`)
  }
}

/** @throws TypeError when `value` is no object, or has a member that is not in `known` */
export function assertMembers(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name}: must be an object, got ${describe(value)}`)
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new TypeError(`${name}: unknown option ${JSON.stringify(key)}, known are ${known.join(', ')}`)
    }
  }
}

/** @throws RangeError when `value` is none of `allowed` */
export function assertOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    throw new RangeError(`${name}: must be one of ${allowed.join(', ')}, got ${describe(value)}`)
  }
}

/** Says what a value is, in an error. Strings are shown: none that is checked here is a secret. */
function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value
}

// The checks that options and arguments go through. Each names the thing, the bound and what was received.

type ErrorKind = new (message: string) => Error

/** Numbers that may be 0; every other one is at least 1. */
const mayBeZero =
  'stableAfterMs maxMessages maxBytes lowWaterBytes closeTimeoutMs closeAfterMs drainMs withinMs code'.split(
    ' ',
  )
/** Options that are looked at elsewhere. Of the others, one without a default is a function, and an object is a group. */
const anything = 'plugs protocols headers credentials whenHidden signal clock strategy cause'.split(' ')

/**
 * Fills a group of options from its preset, whose values tell what is allowed there. `undefined` counts as left out.
 * @throws TypeError when something is of the wrong type or unknown
 * @throws RangeError when a number is out of bounds
 */
export function fill<T extends object>(group: string, raw: unknown, preset: T, prefix = `${group}.`): T {
  must(raw && typeof raw === 'object', TypeError, group, 'an object', raw)
  const filled = { ...preset } as Record<string, unknown>
  for (const [key, given] of Object.entries(raw)) {
    const name = prefix + key
    const standard = filled[key]
    const type = standard === undefined ? 'function' : typeof standard
    assertOneOf(`unknown option ${name}`, key, Object.keys(preset), TypeError)
    if (given === undefined) continue
    filled[key] = given
    if (anything.includes(key)) continue
    if (type === 'object') filled[key] = fill(name, given, standard as object)
    else if (type === 'number') assertNumber(name, given, mayBeZero.includes(key) ? 0 : 1)
    else must(typeof given === type, TypeError, name, `a ${type}`, given)
  }
  return filled as T
}

/** @throws TypeError when `value` is no number, RangeError when it is not from `min` to `max` */
export function assertNumber(
  name: string,
  value: unknown,
  min: number,
  max: number = Infinity,
): asserts value is number {
  must(typeof value === 'number', TypeError, name, 'a number', value)
  must(value >= min && value <= max, RangeError, name, `from ${min} to ${max}`, value)
}

/** @throws TypeError when `value` is given and lacks one of the functions that will be called on it */
export function assertMethods(name: string, value: object | undefined, methods: readonly string[]): void {
  for (const method of value === undefined ? [] : methods) {
    const found = (value as Record<string, unknown> | null)?.[method]
    must(typeof found === 'function', TypeError, `${name}.${method}`, 'a function', found)
  }
}

/** @throws RangeError, or what is given instead, when `value` is none of `allowed` */
export function assertOneOf(
  name: string,
  value: unknown,
  allowed: readonly unknown[],
  kind: ErrorKind = RangeError,
): void {
  must(allowed.includes(value), kind, name, `one of ${allowed.join(', ')}`, value)
}

/** @throws an error of that kind that says what was expected and what came. None of what is checked here is a secret. */
export function must(
  met: unknown,
  kind: ErrorKind,
  name: string,
  bound: string,
  value: unknown,
): asserts met {
  if (met) return
  const got =
    typeof value === 'string' ? JSON.stringify(value) : value instanceof Object ? typeof value : String(value)
  throw new kind(`${name}: must be ${bound}, got ${got}`)
}

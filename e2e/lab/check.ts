import { show } from './diary.ts'

// Assertions that run in every environment, also inside a page.

/** @throws Error saying what does not hold */
export function that(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`)
}

/** Compares values as data; buffers and views byte by byte. @throws Error showing both */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  if (!same(actual, expected)) throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`)
}

/** Checks that `actual` has at least what `expected` has. @throws Error showing both */
export function matches(actual: unknown, expected: object, what = 'value'): void {
  const part = Object.fromEntries(
    Object.keys(expected).map((key) => [key, (actual as Record<string, unknown> | undefined)?.[key]]),
  )
  if (!same(part, expected)) throw new Error(`${what}: expected ${show(expected)} in ${show(actual)}`)
}

/** @throws Error when the number is outside of [min, max] */
export function between(actual: number, min: number, max: number, what: string): void {
  if (!(actual >= min && actual <= max)) throw new Error(`${what}: expected ${min} to ${max}, got ${actual}`)
}

/** Gives the error that `run` throws. @throws Error when it does not throw one of this name */
export function throws(run: () => unknown, name: string, what: string): void {
  try {
    run()
  } catch (error) {
    return equal((error as Error).name, name, what)
  }
  throw new Error(`${what}: expected a ${name}, nothing was thrown`)
}

/** Gives the code that a promise rejects with. @throws Error when it does not reject */
export async function rejectsWith(promise: Promise<unknown>, code: string, what: string): Promise<void> {
  const outcome = await promise.then(
    () => 'fulfilled',
    (error: { code?: unknown }) => error.code,
  )
  equal(outcome, code, what)
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [left, right] = [bytesOf(one), bytesOf(other)]
  if (left || right) {
    return left?.length === right?.length && (left ?? []).every((byte, at) => byte === right?.[at])
  }
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) =>
    same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  )
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (!ArrayBuffer.isView(value)) return undefined
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

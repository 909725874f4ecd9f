import { platform } from './platform.ts'

/**
 * Runs a user's function so that its errors harm nobody else: what it throws, or what its promise rejects with, goes to
 * `report`.
 * @returns a promise that never rejects when the function returned a promise, else `undefined`
 */
export function guard<Args extends readonly unknown[]>(
  run: (...args: Args) => unknown,
  report: (error: unknown) => void,
  ...args: Args
): Promise<void> | undefined {
  try {
    const result = run(...args)
    if (!isThenable(result)) return undefined
    return Promise.resolve(result).then(() => {}, report)
  } catch (error) {
    report(error)
    return undefined
  }
}

/** Makes an error that nobody listens for visible, without a throw into the caller: a bug of the user's code. */
export function surface(error: unknown): void {
  if (platform.reportError) return platform.reportError(error)
  platform.queueMicrotask(() => {
    throw error
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

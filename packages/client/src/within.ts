import { platform, type Scope, type Signal } from '@holdfast/lifetime'
import { HoldfastError } from './errors.ts'

/** What a wait rejects with when its scope ended: nobody waits for the outcome any more. */
export const abandoned: unique symbol = Symbol()

/**
 * Runs `run` and waits for it, at most `limitMs` and at most as long as the scope lives. The signal that `run` gets aborts
 * in both cases, and not when `run` was in time. A result that comes later is ignored.
 */
export function within<T>(
  scope: Scope,
  limitMs: number,
  what: string,
  run: (signal: Signal) => T | PromiseLike<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new platform.AbortController()
    const wait = scope.child()
    let fail: (reason: unknown) => void = (reason) => {
      reject(reason)
      controller.abort(reason === abandoned ? undefined : reason)
    }
    wait.defer(() => fail(abandoned))
    wait.timeout(limitMs, () => {
      fail(new HoldfastError('timeout', `${what}: over ${limitMs} ms`))
      wait.end()
    })
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V) => {
        fail = () => {}
        done(value)
        wait.end()
      }
    const start = (signal: Signal) => {
      if (scope.ended) throw abandoned
      return run(signal)
    }
    Promise.resolve(controller.signal).then(start).then(settle(resolve), settle(reject))
  })
}

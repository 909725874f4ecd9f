import { isPromise, type MaybePromise } from './codec.ts'
import { type CodecError, type CodecPhase, codecError } from './codec-error.ts'

/** What goes on after a step that may fail. Neither throws. */
export interface Sequel<T> {
  readonly use: (result: T) => MaybePromise<void>
  readonly failed: (error: CodecError) => MaybePromise<void>
}

/** Does a step of a user's codec or schema: nothing that it throws, at once or later, goes further than `failed`. */
export function attempt<T>(
  phase: CodecPhase,
  step: () => MaybePromise<T>,
  { use, failed }: Sequel<T>,
): MaybePromise<void> {
  let result: MaybePromise<T>
  try {
    result = step()
  } catch (error) {
    return failed(codecError(error, phase))
  }
  return isPromise(result)
    ? result.then(use, (error: unknown) => failed(codecError(error, phase)))
    : use(result)
}

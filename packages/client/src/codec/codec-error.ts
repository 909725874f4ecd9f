import { type ErrorCode, HoldfastError, isHoldfastError } from '../errors.ts'

/** Where a value failed: on its way to a message, from a message, or at a schema. */
export type CodecPhase = 'encode' | 'decode' | 'schema'

/** Why a value did not become a message, or a message no value. */
export class CodecError extends HoldfastError {
  readonly phase: CodecPhase

  /** @param message what: which, number, limit; nothing of the value itself */
  constructor(code: ErrorCode, phase: CodecPhase, message: string, cause?: unknown) {
    super(code, message, { cause })
    this.name = 'CodecError'
    this.phase = phase
  }
}

/** Tells whether `value` is a `CodecError`, also one of a second copy of this package. */
export function isCodecError(value: unknown): value is CodecError {
  return isHoldfastError(value) && 'phase' in value
}

/** Gives the error as a `CodecError`: itself if it is one, else one whose `cause` it is. */
export function codecError(error: unknown, phase: CodecPhase): CodecError {
  if (isCodecError(error)) return error
  const what = error instanceof Error ? error.message : String(error)
  return new CodecError('codec-failed', phase, `${phase}: ${what}`, error)
}

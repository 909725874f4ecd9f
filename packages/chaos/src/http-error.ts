import { BadValueError } from './bad-value-error.ts'
import { ChaosError } from './chaos-error.ts'

/** Is an answer of the control that is not a success; the message goes to the caller. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Turns any error into a status, headers and a JSON body. */
export function describeError(error: unknown): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
} {
  if (error instanceof BadValueError) {
    const { code, message, field, bound, value } = error
    return { status: 400, headers: {}, body: { error: { code, message, field, bound, value } } }
  }
  if (error instanceof HttpError) {
    const { status, headers, code, message } = error
    return { status, headers, body: { error: { code, message } } }
  }
  if (error instanceof ChaosError) {
    return { status: 503, headers: {}, body: { error: { code: error.code, message: error.message } } }
  }
  return { status: 500, headers: {}, body: { error: { code: 'internal', message: String(error) } } }
}

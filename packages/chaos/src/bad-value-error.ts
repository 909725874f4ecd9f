import { inspect } from 'node:util'

/** Is thrown for an option, argument or HTTP field that is out of bounds; names the field, the bound and the value. */
export class BadValueError extends RangeError {
  override readonly name = 'BadValueError'
  readonly code = 'bad-value'
  /** The name of the field, such as `latencyMs` or `schedule[2].set.stall`. */
  readonly field: string
  /** What would have been accepted, in words. */
  readonly bound: string
  /** What was received, as text, shortened. */
  readonly value: string
  /** What was received, as it was. */
  readonly received: unknown

  constructor(field: string, bound: string, received: unknown) {
    const value = inspect(received, {
      depth: 0,
      maxStringLength: 60,
      maxArrayLength: 3,
      breakLength: Infinity,
    })
    super(`${field}: must be ${bound}, got ${value}`)
    this.field = field
    this.bound = bound
    this.value = value
    this.received = received
  }
}

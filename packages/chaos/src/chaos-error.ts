/** What went wrong, as a word to branch on. */
export type ChaosErrorCode = 'port-in-use' | 'listen-failed' | 'closed'

/** Is thrown when the proxy cannot do what it was asked for reasons other than a bad value. */
export class ChaosError extends Error {
  override readonly name = 'ChaosError'
  readonly code: ChaosErrorCode

  constructor(code: ChaosErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

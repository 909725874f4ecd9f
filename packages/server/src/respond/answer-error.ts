/** An error whose words are meant for the client. Thrown by a request's handler it is answered as it is. */
export class AnswerError extends Error {
  /** A word, or a number where the client expects one, to branch on. */
  readonly code: string | number
  /** More for the client, as JSON; `undefined` for nothing. */
  readonly data: unknown

  constructor(code: string | number, message: string, data?: unknown) {
    super(message)
    this.name = 'AnswerError'
    this.code = code
    this.data = data
  }
}

/** Why the responder itself answers with an error. */
export type Refusal = 'failed' | 'busy' | 'timeout'

const words: Readonly<Record<Refusal, string>> = {
  failed: 'the request failed',
  busy: 'too many requests wait',
  timeout: 'the request took too long',
}

/** JSON-RPC 2.0 wants numbers: that of an internal error, and two of those that it leaves to servers. */
const numbers: Readonly<Record<Refusal, number>> = { failed: -32_603, busy: -32_000, timeout: -32_001 }

/** Makes the error of a refusal, for a client that expects numbers or for one that expects words. It tells no details. */
export function refusal(why: Refusal, numbered: boolean): AnswerError {
  return new AnswerError(numbered ? numbers[why] : why, words[why])
}

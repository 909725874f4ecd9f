import { must } from '../bounds.ts'
import type { Incoming, Message } from '../message.ts'

/** A JSON object, as far as it is known. */
export type Fields = Readonly<Record<string, unknown>>

/** An answer that was recognized: to which request, and what it says. */
export interface Recognized<Answer> {
  /** The number that `write` was given. */
  readonly id: unknown
  readonly answer: Answer
  /** What the server says went wrong; `undefined` when nothing did. The request rejects with `request-failed` then. */
  readonly error?: unknown
}

/** How requests and answers find each other: the only thing that `requests` knows about a server's messages. */
export interface Correlation<Request, Answer> {
  /**
   * Gives the message to send for a request, with this number in it. The same message goes out again when the request is
   * retried, so it must not change later. What it throws is thrown by `request()`.
   */
  write(request: Request, id: number): Message
  /** Reads a message: `undefined` when it is no answer. Asked for every message while a request is pending. */
  read(message: Incoming): Recognized<Answer> | undefined
}

/** How `byField` reads answers. */
export interface ByFieldOptions {
  /** Tells what an answer says went wrong; `undefined` or `null`: nothing did. Default: its field `error`. */
  readonly failure?: (answer: Fields) => unknown
}

/**
 * Makes the correlation for servers that speak JSON objects and repeat a field of the request in the answer, as most do. The
 * answer is the whole object that came.
 * @param field the name of that field. Default `id`
 * @throws TypeError when the name is no text or empty; at a request that is no object, or has a field of that name already
 */
export function byField(field = 'id', options: ByFieldOptions = {}): Correlation<object, Fields> {
  must(typeof field === 'string' && field !== '', TypeError, 'byField', 'the name of a field', field)
  const { failure = ({ error }) => error } = options
  const key = JSON.stringify(field)
  return {
    write(request, id) {
      const fits = typeof request === 'object' && request !== null && !Array.isArray(request)
      must(fits && !(field in request), TypeError, 'request', `an object without a field ${field}`, request)
      return JSON.stringify({ ...request, [field]: id })
    },
    read(message) {
      // Most messages are no answers: do not parse what does not even name the field.
      const answer = typeof message === 'string' && message.includes(key) ? objectIn(message) : undefined
      if (answer?.[field] === undefined) return undefined
      return { id: answer[field], answer, error: failure(answer) ?? undefined }
    },
  }
}

/** A request of JSON-RPC 2.0. */
export interface JsonRpcRequest {
  readonly method: string
  readonly params?: unknown
}

/** Makes the correlation for servers that speak JSON-RPC 2.0. The answer is its `result`. */
export function jsonRpc(): Correlation<JsonRpcRequest, unknown> {
  const fields = byField()
  return {
    write: ({ method, params }, id) => fields.write({ jsonrpc: '2.0', method, params }, id),
    read(message) {
      const found = fields.read(message)
      // A message with a method is a request or a notification of the server, whatever its number.
      return found && !('method' in found.answer) ? { ...found, answer: found.answer.result } : undefined
    },
  }
}

/** Gives the JSON object that a message is; `undefined` for anything else, which is somebody else's. */
function objectIn(message: string): Fields | undefined {
  if (!/^\s*\{/.test(message)) return undefined
  try {
    return JSON.parse(message) as Fields
  } catch {
    return undefined
  }
}

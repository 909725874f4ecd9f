import type { Session } from '../session.ts'
import type { Fields } from './correlation.ts'
import { type RequestOptions, type Requests, requests } from './requests.ts'

/** What serves the one-shot requests of each session. */
const known = new WeakMap<Session, Requests<object, Fields>>()

/**
 * Sends a request and gives its answer: an object that gets a field `id`, to a server whose answer has the same `id`. For
 * other servers, bounds or clocks make `requests(session, …)` once and use its `request`.
 * @throws TypeError or RangeError at the call when the request or an option is nothing that can be understood
 * @example
 * const { result } = await request(session, { method: 'add', params: [1, 2] }, { timeoutMs: 5_000 })
 */
export function request<Answer = Fields>(
  session: Session,
  message: object,
  options?: RequestOptions,
): Promise<Answer> {
  const made = known.get(session) ?? requests(session)
  known.set(session, made)
  return made.request(message, options) as Promise<Answer>
}

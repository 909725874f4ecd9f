import { type Clock, type Release, Scope, systemClock } from '@holdfast/lifetime'
import { callable, integer, knownNames } from '../option-checks.ts'
import { Answer, type RequestHandler } from './answer.ts'
import { isOver, listen, type Peer } from './peer.ts'
import { requestIn } from './request-message.ts'
import { Turns } from './turns.ts'

/** How requests are answered. */
export interface RespondOptions {
  /** How many requests of one client are worked on at a time. Default 16; at least 1. */
  readonly maxConcurrent?: number
  /** How many more of its requests may wait; one more is answered with the error `busy`. Default 1,000; at least 0. */
  readonly maxWaiting?: number
  /**
   * After this long, in milliseconds, the client gets the error `timeout` and the handler's signal aborts; the handler keeps
   * its place until it is done. Default 30,000; at least 1; `Infinity`: no limit.
   */
  readonly timeoutMs?: number
  /** Default: the machine's time. */
  readonly clock?: Clock
}

const defaults = { maxConcurrent: 16, maxWaiting: 1_000, timeoutMs: 30_000, clock: systemClock }

/**
 * Answers the requests of one client: messages that are JSON objects with an `id`, a number or a text of at most 256
 * characters. The answer is `{ id, result }` or `{ id, error: { code, message } }`, in the form of JSON-RPC 2.0 if the request
 * was. Other messages are left to other handlers. A session with `ack: 'handled'` counts a request as handled when it is
 * answered, and so a client with many requests has to wait. Ends with the client, or by the returned function, which leaves
 * what is under way unanswered.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 * @example
 * createServer({ handler: (connection) => respond(connection, ({ city }) => weatherOf(String(city))) })
 */
export function respond(peer: Peer, handler: RequestHandler, options: RespondOptions = {}): Release {
  callable('handler', handler)
  knownNames('respond', options, Object.keys(defaults))
  const settings = { ...defaults, ...options }
  integer('maxConcurrent', settings.maxConcurrent, { min: 1, max: 1_000_000 })
  integer('maxWaiting', settings.maxWaiting, { min: 0, max: 1_000_000 })
  integer('timeoutMs', settings.timeoutMs, { min: 1, max: 2_147_483_647, orInfinity: true })
  const scope = new Scope(settings.clock)
  const turns = new Turns(settings.maxConcurrent, settings.maxWaiting)
  const received = (message: string | Uint8Array) => {
    const request = requestIn(message)
    if (!request) return undefined
    const answer = new Answer(peer, request, scope)
    if (turns.full) return answer.refuse('busy')
    return turns.take(() => answer.work(handler, settings.timeoutMs))
  }
  for (const undo of listen(peer, received, () => scope.end())) scope.defer(undo)
  if (isOver(peer)) scope.end()
  return () => scope.end()
}

import type { Receipt } from '@holdfast/mailbox'
import { must } from '../bounds.ts'
import type { Message } from '../message.ts'
import type { Correlation, Fields, Recognized } from '../request/correlation.ts'
import { type Requests, requests, type RequestsOptions } from '../request/requests.ts'
import type { SendOptions } from '../queue.ts'
import type { Session, SessionEvents } from '../session.ts'
import type { CodedSession } from './coded-session.ts'

/** How requests and answers find each other among values, as `Correlation` does among messages. */
export interface ValueCorrelation<Request, Answer, Out, In> {
  /** Gives the value to send for a request, with this number in it. It must not change later. */
  write(request: Request, id: number): Out
  /** Reads a value: `undefined` when it is no answer. */
  read(value: In): Recognized<Answer> | undefined
}

/** How requests on a view are made: as on a session, but for the correlation. */
export type RequestsOnOptions<Request, Answer, Out, In> = Omit<
  RequestsOptions<Request, Answer>,
  'correlation'
> & {
  /** Default: objects that get a field `id`, which the answer repeats; its field `error` says what went wrong. */
  readonly correlation?: ValueCorrelation<Request, Answer, Out, In> | undefined
}

/** How many requests a view may have made before its numbers are those of the next view of its session. */
const STRIDE = 2 ** 32
const views = new WeakMap<Session, number>()

/**
 * Makes requests on a view, with whatever codec it has: as `requests` of `holdfast/request` on a session. Ends with the
 * session, or by `dispose()`.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * const api = requestsOn(coded(session, msgpack(library)))
 * const answer = await api.request({ method: 'price' })
 */
export function requestsOn<Out, In, Request extends object = object, Answer = Fields>(
  view: CodedSession<Out, In>,
  options: RequestsOnOptions<Request, Answer, Out, In> = {},
): Requests<Request, Answer> {
  const { correlation = byId as unknown as ValueCorrelation<Request, Answer, Out, In>, ...others } = options
  const offset = STRIDE * (views.get(view.session) ?? 0)
  views.set(view.session, (views.get(view.session) ?? 0) + 1)
  // Requests hand messages from one of these functions to another, and look into none: values do as well.
  const ofMessages: Correlation<Request, Answer> = {
    write: (request, id) => correlation.write(request, id + offset) as unknown as Message,
    read(message) {
      const found = correlation.read(message as unknown as In)
      return found && { ...found, id: Number(found.id) - offset }
    },
  }
  return requests(asSession(view), { ...others, correlation: ofMessages })
}

/** What requests use of a session, with the values of a view in the place of messages. */
function asSession<Out, In>(view: CodedSession<Out, In>): Session {
  const { session } = view
  return {
    get state() {
      return session.state
    },
    queue: { cancel: (receipt: Receipt) => view.cancel(receipt) },
    send: (value: unknown, options?: SendOptions) => view.send(value as Out, options),
    on: (type: keyof SessionEvents, handler: (event: never) => unknown) =>
      type === 'message'
        ? view.on('message', handler as unknown as (value: In) => unknown)
        : session.on(type, handler as (event: unknown) => unknown),
  } as unknown as Session
}

const byId: ValueCorrelation<object, Fields, object, unknown> = {
  write(request, id) {
    const fits = typeof request === 'object' && request !== null && !('id' in request)
    must(fits, TypeError, 'request', 'an object without a field id', request)
    return { ...request, id }
  },
  read(value) {
    if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
    const answer = value as Fields
    return { id: answer['id'], answer, error: answer['error'] ?? undefined }
  },
}

import { type Context, context, type Span, SpanKind, trace } from '@opentelemetry/api'
import { type Carrier, carrierOf } from './carrier.ts'
import { endSpan } from './outcome.ts'
import { resolveTracing, type TracingOptions } from './tracing-options.ts'

/** How requests are traced. */
export interface RequestTracingOptions<Request> extends Omit<TracingOptions, 'context'> {
  /**
   * Sends the context along: in a new field of this name, or as the function says, which gets the request and gives the one to
   * send. Default: nothing is sent. A request that has such a field already keeps it. JSON-RPC has no room beside `params`.
   */
  readonly carry?: string | ((request: Request, carrier: Carrier) => Request) | undefined
  /** Names a request on its span, as `rpc.method`. From few words only, not from ids. Default: no name. */
  readonly method?: ((request: Request) => string) | undefined
}

/** What makes requests: `api.request` of `holdfast/request`, or anything that gives promises. */
export type Ask<Request, Options extends readonly unknown[], Answer> = (
  request: Request,
  ...options: Options
) => Promise<Answer>

/**
 * Puts a span `holdfast.request` around each request, until it is answered or fails. It belongs to the span that is active when
 * the request is made. What is thrown at the call, for a request that nothing can be made of, is thrown as before.
 * @throws TypeError naming what is unknown or of the wrong type
 * @example
 * const ask = traceRequests((body: { city: string }) => api.request(body), { carry: 'trace' })
 */
export function traceRequests<Request extends object, Options extends readonly unknown[], Answer>(
  ask: Ask<Request, Options, Answer>,
  options: RequestTracingOptions<Request> = {},
): Ask<Request, Options, Answer> {
  const { carry, method, ...rest } = options
  const { tracer, attributes } = resolveTracing(rest, ['carry', 'method'])
  return (request, ...more) => {
    const name = method?.(request)
    const span = tracer.startSpan('holdfast.request', {
      kind: SpanKind.CLIENT,
      attributes: { ...attributes, ...(name === undefined ? {} : { 'rpc.method': name }) },
    })
    const within = trace.setSpan(context.active(), span)
    try {
      const sent = carry === undefined ? request : carrying(request, carry, within)
      return followed(context.with(within, ask, undefined, sent, ...more), span)
    } catch (error) {
      endSpan(span, failure(error))
      throw error
    }
  }
}

function carrying<Request extends object>(
  request: Request,
  carry: NonNullable<RequestTracingOptions<Request>['carry']>,
  within: Context,
): Request {
  const carrier = carrierOf(within)
  if (typeof carry === 'function') return carry(request, carrier)
  return { [carry]: carrier, ...request }
}

async function followed<Answer>(answer: Promise<Answer>, span: Span): Promise<Answer> {
  try {
    const result = await answer
    endSpan(span, { word: 'answered', failed: false })
    return result
  } catch (error) {
    endSpan(span, failure(error))
    throw error
  }
}

/** Only the code of an error, and whether the server may have the request: its text may hold anything. */
function failure(error: unknown): Parameters<typeof endSpan>[1] {
  const { code, sent, name } = (error ?? {}) as Readonly<Record<string, unknown>>
  const word = typeof code === 'string' ? code : typeof name === 'string' ? name : 'failed'
  const attributes = { 'error.type': word, ...(typeof sent === 'string' ? { 'holdfast.sent': sent } : {}) }
  return { word, failed: true, attributes }
}

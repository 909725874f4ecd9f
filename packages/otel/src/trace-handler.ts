import { context, SpanKind, trace } from '@opentelemetry/api'
import type { RequestHandler, RequestMessage } from '@holdfast/server/respond'
import { beginningFrom, type CarriedOptions } from './carrier.ts'
import { endSpan } from './outcome.ts'
import { resolveTracing, type TracingOptions } from './tracing-options.ts'

/** How the answering of requests is traced. */
export interface HandlerTracingOptions
  extends Omit<TracingOptions, 'context'>,
    CarriedOptions<RequestMessage> {
  /** Names a request on its span, as `rpc.method`: from few words of your own, as what a client sends is without bound. Default: no name. */
  readonly method?: ((request: RequestMessage) => string) | undefined
}

/**
 * Puts a span `holdfast.request` around the handler of `respond`, and makes it the active one within.
 * @throws TypeError naming what is unknown or of the wrong type
 * @example
 * respond(session, traceHandler(({ city }) => weatherOf(String(city)), { from: ({ trace }) => trace }))
 */
export function traceHandler(handler: RequestHandler, options: HandlerTracingOptions = {}): RequestHandler {
  const { from, as, method, ...rest } = options
  const { tracer, attributes } = resolveTracing(rest, ['from', 'as', 'method'])
  return async (request, call) => {
    const name = method?.(request)
    const beginning = beginningFrom(request, { from, as }, context.active())
    const more = name === undefined ? {} : { 'rpc.method': name }
    const span = tracer.startSpan(
      'holdfast.request',
      { kind: SpanKind.SERVER, attributes: { ...attributes, ...more }, links: beginning.links },
      beginning.context,
    )
    try {
      const answer: unknown = await context.with(
        trace.setSpan(beginning.context, span),
        handler,
        undefined,
        request,
        call,
      )
      endSpan(span, { word: 'answered', failed: false })
      return answer
    } catch (error) {
      const { name: kind = 'Error' } = (error ?? {}) as { readonly name?: string }
      endSpan(span, { word: 'failed', failed: true, attributes: { 'error.type': kind } })
      throw error
    }
  }
}

import { type Context, type Link, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'

/** A trace context as text: by the default propagator, `traceparent` and `tracestate` of W3C Trace Context. */
export type Carrier = Readonly<Record<string, string>>

/** What a client says that its spans belong to, and what is made of it. */
export interface CarriedOptions<Source> {
  /** Finds the carrier in what the client sent. Default: none is looked for. Whatever it is, only texts in it are read. */
  readonly from?: ((source: Source) => unknown) | undefined
  /**
   * `link` (the default): the span begins a trace of its own, linked to the client's; whether it is recorded is decided here.
   * `parent`: it is part of the client's trace, as the client says. Only for clients you trust: anyone could decide what is recorded.
   */
  readonly as?: 'link' | 'parent' | undefined
}

/** What a span begins with. */
export interface Beginning {
  readonly context: Context
  readonly links: Link[]
}

/** W3C Trace Context bounds `tracestate` to 512 characters; what is longer was not made by a tracer. */
const MAX_LENGTH = 512

/** Writes a context down. Empty when no propagator is registered, or there is no span in it. */
export function carrierOf(context: Context): Carrier {
  const carrier: Record<string, string> = {}
  propagation.inject(context, carrier)
  return carrier
}

/** Reads what a client sent; what is not understood changes nothing. */
export function beginningFrom<Source>(
  source: Source,
  { from, as = 'link' }: CarriedOptions<Source>,
  own: Context,
): Beginning {
  const carried = from === undefined ? undefined : trace.getSpanContext(extracted(from(source)))
  if (carried === undefined) return { context: own, links: [] }
  return as === 'link'
    ? { context: own, links: [{ context: carried }] }
    : { context: trace.setSpanContext(own, carried), links: [] }
}

/** Only the fields that the propagator names, and only texts of a sensible length: the rest is from outside and not looked at. */
function extracted(given: unknown): Context {
  if (typeof given !== 'object' || given === null) return ROOT_CONTEXT
  const carrier: Record<string, string> = {}
  for (const name of propagation.fields()) {
    const value: unknown = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined
    if (typeof value === 'string' && value.length <= MAX_LENGTH) carrier[name] = value
  }
  return propagation.extract(ROOT_CONTEXT, carrier)
}

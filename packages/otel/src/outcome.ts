import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api'
import type { Cause } from 'holdfast'

/** How something ended that a span tells of. */
export interface Outcome {
  /** One word: a kind of cause, or what came of it. */
  readonly word: string
  readonly failed: boolean
  readonly attributes?: Attributes
}

/** Causes that are somebody's wish, and no failure. */
const wished: ReadonlySet<Cause['kind']> = new Set([
  'not-started',
  'closed',
  'disposed',
  'aborted',
  'paused',
  'reconnect',
  'credentials',
  'not-admitted',
  'wake',
  'hidden',
  'pagehide',
  'idle',
  'max-lifetime',
])

/** Ends a span. No texts of servers or of errors are put on it: they may hold anything. */
export function endSpan(span: Span, { word, failed, attributes = {} }: Outcome): void {
  span.setAttributes({ 'holdfast.outcome': word, ...attributes })
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: word })
  span.end()
}

/** Says what a cause means for a span. */
export function outcomeOf(cause: Cause): Outcome {
  return { word: cause.kind, failed: !wished.has(cause.kind), attributes: detailsOf(cause) }
}

function detailsOf(cause: Cause): Attributes {
  switch (cause.kind) {
    case 'server-close':
      return { 'holdfast.close_code': cause.code }
    case 'refused':
      return { 'http.response.status_code': cause.status }
    case 'timeout':
    case 'failed':
    case 'unauthorized':
      return { 'holdfast.phase': cause.phase }
    case 'lost':
    case 'unreachable':
      return cause.errno === undefined ? {} : { 'error.type': cause.errno }
    case 'not-admitted':
      return { 'holdfast.not_admitted_by': cause.by }
    default:
      return {}
  }
}

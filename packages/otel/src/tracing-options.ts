import { type Attributes, type Context, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api'

/** How spans are made. */
export interface TracingOptions {
  /** Makes the spans. Default: the tracer `@holdfast/otel` of the provider that is registered globally. */
  readonly tracer?: Tracer | undefined
  /**
   * What the spans of sessions and connections belong to. Default: nothing, as a session outlives the work in which it was made.
   * Requests belong to what is active when they are made.
   */
  readonly context?: Context | undefined
  /** Put on every span, for example `{ 'server.address': 'chat.example' }`. Default none. Nothing secret: spans are stored. */
  readonly attributes?: Attributes | undefined
}

/** The options as they are used: nothing left out. */
export interface Settings {
  readonly tracer: Tracer
  readonly context: Context
  readonly attributes: Attributes
}

/**
 * Checks options and fills in the defaults. `more`: names of options that are known besides.
 * @throws TypeError naming what is unknown or of the wrong type
 */
export function resolveTracing(options: TracingOptions, more: readonly string[] = []): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`tracing: must be an object, received ${String(options)}`)
  }
  const known = ['tracer', 'context', 'attributes', ...more]
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`tracing: ${name} is unknown; known are ${known.join(', ')}`)
    }
  }
  const { tracer = trace.getTracer('@holdfast/otel'), context = ROOT_CONTEXT, attributes = {} } = options
  if (typeof tracer.startSpan !== 'function') {
    throw new TypeError(`tracing.tracer: must have startSpan, received ${typeof tracer}`)
  }
  return { tracer, context, attributes }
}

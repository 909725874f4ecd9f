import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll } from 'vitest'

/** Keeps the active context across promises, as the SDK for Node does. */
class LocalContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }
  with<Args extends unknown[], Run extends (...args: Args) => ReturnType<Run>>(
    active: Context,
    run: Run,
    self?: ThisParameterType<Run>,
    ...args: Args
  ): ReturnType<Run> {
    return this.#storage.run(active, () => run.apply(self, args))
  }
  bind<Target>(_: Context, target: Target): Target {
    return target
  }
  enable(): this {
    return this
  }
  disable(): this {
    this.#storage.disable()
    return this
  }
}

/** Registers what an application registers, for the tests of this file. */
export function registered(): void {
  beforeAll(() => {
    context.setGlobalContextManager(new LocalContexts())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  })
  afterAll(() => {
    context.disable()
    propagation.disable()
  })
}

/** A tracer, and what became of its spans. */
export function recorder() {
  const exporter = new InMemorySpanExporter()
  const count = { started: 0, ended: 0 }
  const counting = {
    onStart: () => void (count.started += 1),
    onEnd: () => void (count.ended += 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter), counting] })
  const spans = () => exporter.getFinishedSpans()
  return {
    tracer: provider.getTracer('test'),
    count,
    spans,
    /** Each ended span as name, outcome and the name of its parent. */
    told: () =>
      spans().map(
        (span) => `${span.name} ${String(span.attributes['holdfast.outcome'])}${under(span, spans())}`,
      ),
    named: (name: string) => spans().filter((span) => span.name === name),
  }
}

function under({ parentSpanContext }: ReadableSpan, all: readonly ReadableSpan[]): string {
  const parent = all.find((one) => one.spanContext().spanId === parentSpanContext?.spanId)
  return parent === undefined ? '' : ` < ${parent.name}`
}

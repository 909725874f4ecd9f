// For those who run a server.
export { type ServerTracing, type ServerTracingOptions, serverTracing } from './server-tracing.ts'
export { type HandlerTracingOptions, traceHandler } from './trace-handler.ts'
export type { CarriedOptions } from './carrier.ts'
export type { TracingOptions } from './tracing-options.ts'

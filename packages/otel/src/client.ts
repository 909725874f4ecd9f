// For applications that are clients.
export { sessionTracing, type SessionTracing } from './session-tracing.ts'
export { type Ask, type RequestTracingOptions, traceRequests } from './trace-requests.ts'
export type { Carrier } from './carrier.ts'
export type { TracingOptions } from './tracing-options.ts'

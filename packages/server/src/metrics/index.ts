// For those who watch a server with Prometheus.
export { metricsRoute } from './metrics-route.ts'
export { type MetricsOptions, type MetricsSource, ServerMetrics, serverMetrics } from './server-metrics.ts'

import type { ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { pathOf } from '../connection-request.ts'
import { answer, type HttpRoute } from '../http-route.ts'

/** Makes a route that answers `GET` of a path with the metrics of a registry, in Prometheus' text form. Default `/metrics`. */
export function metricsRoute(registry: Registry, path = '/metrics'): HttpRoute {
  return (request, response) => {
    if (pathOf(request.url ?? '/') !== path) return false
    response.setHeader('Cache-Control', 'no-store')
    if (request.method === 'GET' || request.method === 'HEAD') void answerMetrics(response, registry)
    else {
      response.setHeader('Allow', 'GET, HEAD')
      answer(response, 405, 'GET or HEAD only\n')
    }
    return true
  }
}

async function answerMetrics(response: ServerResponse, registry: Registry): Promise<void> {
  try {
    const body = await registry.metrics()
    response.writeHead(200, {
      'Content-Type': registry.contentType,
      'Content-Length': Buffer.byteLength(body),
    })
    response.end(body)
  } catch {
    // A metric of the application's own, in a registry that it shares, cannot be read. Who asks is told, and asks again.
    answer(response, 500, 'a metric could not be read\n')
  }
}

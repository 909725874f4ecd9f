import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a plain HTTP request and returns true, at once or later, or returns false and leaves it alone. */
export type HttpRoute = (request: IncomingMessage, response: ServerResponse) => boolean

/** Answers with a short text. */
export function answer(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** Asks routes in order. One that throws has the request, which gets 500. */
export function takeRoute(
  routes: readonly HttpRoute[],
  [request, response]: Parameters<HttpRoute>,
  report: (error: unknown) => void,
): boolean {
  try {
    return routes.some((route) => route(request, response))
  } catch (error) {
    report(error)
    if (response.headersSent) response.destroy()
    else answer(response, 500, 'failed\n')
    return true
  }
}

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

/**
 * Makes what answers the plain HTTP requests of a WebSocket server: routes are asked in order, and for what nobody takes there
 * is 426. A route that throws has the request, which gets 500.
 */
export function answerRequests(
  routes: readonly HttpRoute[],
  report: (error: unknown) => void,
): (...request: Parameters<HttpRoute>) => void {
  return (request, response) => {
    try {
      if (routes.some((route) => route(request, response))) return
      response.setHeader('Upgrade', 'websocket')
      answer(response, 426, 'this is a WebSocket server\n')
    } catch (error) {
      report(error)
      if (response.headersSent) response.destroy()
      else answer(response, 500, 'failed\n')
    }
  }
}

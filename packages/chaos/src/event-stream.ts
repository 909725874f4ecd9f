import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogEntry } from './chaos-event.ts'
import type { ChaosProxy } from './chaos-proxy.ts'
import { readAfter } from './control-routes.ts'

// A reader that has stopped reading is let go; the browser's EventSource comes back and asks for what it missed.
const maxUnreadBytes = 1_048_576

/**
 * Sends new events as server-sent events with their numbers as ids. `?after=n`, or the `Last-Event-ID` a browser sends
 * when it comes back, first sends the kept events with larger numbers.
 */
export function streamEvents(
  proxy: ChaosProxy,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const lastId = request.headers['last-event-id']
  const asked = typeof lastId === 'string' ? lastId : query.get('after')
  const missed = asked === null ? [] : proxy.logAfter(readAfter(asked))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': events of the proxy\n\n')
  const send = (entry: LogEntry) => {
    if (response.writableLength > maxUnreadBytes) response.destroy()
    else response.write(`id: ${entry.n}\ndata: ${JSON.stringify(entry)}\n\n`)
  }
  for (const entry of missed) send(entry)
  response.once('close', proxy.onEvent(send))
}

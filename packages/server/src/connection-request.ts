import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** What the client asked for when it connected. */
export interface ConnectionRequest {
  /** The request target: path and query, as received. The query may hold secrets: do not log it. */
  readonly url: string
  /** The target without its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The page's origin; `undefined` for clients that are no browsers. */
  readonly origin: string | undefined
  /** The address of the client, or of the proxy in front of this server. Empty when the client left already. */
  readonly remoteAddress: string
  /** The subprotocols the client offered, in its order. */
  readonly offeredProtocols: readonly string[]
  /** Whether this server itself speaks TLS on the connection. */
  readonly secure: boolean
}

/** Reads the request of an upgrade. */
export function readConnectionRequest(message: IncomingMessage): ConnectionRequest {
  const url = message.url ?? '/'
  const { headers, socket } = message
  return {
    url,
    path: pathOf(url),
    headers,
    origin: headers.origin,
    remoteAddress: socket.remoteAddress ?? '',
    offeredProtocols: splitList(headers['sec-websocket-protocol']),
    secure: 'encrypted' in socket,
  }
}

/** Cuts the query off a request target. */
export function pathOf(url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

function splitList(header: string | undefined): readonly string[] {
  if (header === undefined) return []
  return header.split(',').map((item) => item.trim())
}

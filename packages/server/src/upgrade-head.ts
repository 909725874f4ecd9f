import type { IncomingMessage } from 'node:http'
import type { ConnectionRequest } from './connection-request.ts'
import type { Refusal } from './refusal.ts'

/** The 16 random bytes of the key, in base64 (RFC 6455, section 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** A token of HTTP (RFC 9110, section 5.6.2), which is what a subprotocol must be. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Checks that a request is a WebSocket upgrade of version 13. Version 8 is refused although it still exists in libraries:
 * it carries the origin in another header.
 */
export function checkUpgradeHead(message: IncomingMessage, request: ConnectionRequest): Refusal | undefined {
  const { headers } = request
  if (message.method !== 'GET') return bad(405, 'an upgrade must be a GET request', { Allow: 'GET' })
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return bad(426, 'upgrade to websocket only', { Upgrade: 'websocket' })
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return bad(400, 'Sec-WebSocket-Key is missing or malformed')
  if (headers['sec-websocket-version'] !== '13') {
    return bad(426, 'Sec-WebSocket-Version must be 13', { 'Sec-WebSocket-Version': '13' })
  }
  const offered = request.offeredProtocols
  if (!offered.every((name) => TOKEN.test(name)) || new Set(offered).size !== offered.length) {
    return bad(400, 'Sec-WebSocket-Protocol must be a list of different tokens')
  }
  return undefined
}

function bad(status: number, detail: string, headers?: Readonly<Record<string, string>>): Refusal {
  return { reason: 'bad-request', status, detail, headers }
}

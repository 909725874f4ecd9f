import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RefusalReason } from './counters.ts'

/** How an upgrade is refused. */
export interface Refusal {
  readonly reason: RefusalReason
  /** The HTTP status, 400 to 599. */
  readonly status: number
  /** One line for people, sent as the body. */
  readonly detail: string
  /** The `Retry-After` header: seconds, or a date. */
  readonly retryAfter?: string | undefined
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Answers an upgrade with an HTTP status instead, and ends the connection. */
export function writeRefusal(socket: Duplex, { status, detail, retryAfter, headers }: Refusal): void {
  const body = `${detail}\n`
  const all = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`)
}

/** Gives a `Retry-After` value for a duration: whole seconds, at least 1, as HTTP has no finer unit. */
export function retryAfterOf(delayMs: number): string {
  return String(Math.max(1, Math.ceil(delayMs / 1_000)))
}

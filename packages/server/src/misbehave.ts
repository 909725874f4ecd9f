import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Scope } from '@holdfast/lifetime'
import type { ConnectionRequest } from './connection-request.ts'
import type { Misbehaviour } from './misbehaviour-query.ts'
import type { Refusal } from './refusal.ts'
import type { ServerConnection } from './server-connection.ts'

/** Gives the refusal a client asked for, if it did. */
export function requestedRefusal({ refuse, retryAfter }: Misbehaviour): Refusal | undefined {
  if (refuse === undefined) return undefined
  return { reason: 'misbehaviour', status: refuse, detail: 'refused, as requested', retryAfter }
}

/**
 * Answers an upgrade with 101 and then only reads: what `ws` cannot be told to do, as it answers close frames.
 * No frame is made here; the handshake is RFC 6455, section 4.2.2.
 */
export function acceptMute(socket: Duplex, head: Buffer, request: ConnectionRequest, protocol: string): void {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ]
  socket.unshift(head)
  onlyRead(socket)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Reads and forgets what comes, so that the end of the other side is noticed. */
export function onlyRead(socket: Duplex): void {
  socket.once('end', () => socket.destroy())
  socket.resume()
}

/** Resets the TCP connection, so that the other end sees ECONNRESET. Over TLS it is cut instead: Node offers no reset there. */
export function reset(socket: Duplex): void {
  if (socket instanceof Socket && !('encrypted' in socket)) socket.resetAndDestroy()
  else socket.destroy()
}

/**
 * Three reserved bits, an unknown opcode, and a length no message has (RFC 6455, section 5.2). A whole header with its
 * mask: Chromium says nothing before it has read all of one.
 */
const GARBAGE = Buffer.alloc(16, 0xff)

/** Does to an accepted connection what its client asked for. @returns whether the handler still gets the connection */
export function misbehave(
  connection: ServerConnection,
  asked: Misbehaviour,
  { socket, life }: { readonly socket: Duplex; readonly life: Scope },
): boolean {
  if (asked.resetAfterUpgrade) {
    life.timeout(0, () => {
      connection.cut('misbehaviour', () => reset(socket))
    })
    return false
  }
  if (asked.greet !== undefined) connection.send(asked.greet)
  if (asked.oversize !== undefined) connection.send(Buffer.alloc(asked.oversize))
  if (asked.garbage) socket.write(GARBAGE)
  if (asked.sendEvery !== undefined) tick(connection, life, asked.sendEvery)
  if (asked.acceptThenClose !== undefined) {
    closeLater(connection, life, asked.afterMs ?? 0, asked.acceptThenClose, asked.reason)
  }
  if (asked.sayGoodbyeAfterMs !== undefined) {
    closeLater(connection, life, asked.sayGoodbyeAfterMs, asked.code ?? 1001)
  }
  return !asked.noEcho
}

function tick(connection: ServerConnection, life: Scope, everyMs: number): void {
  let sent = 0
  const send = () => {
    sent += 1
    connection.send(`tick ${sent}`)
    life.timeout(everyMs, send)
  }
  life.timeout(everyMs, send)
}

function closeLater(connection: ServerConnection, life: Scope, afterMs: number, code: number, reason = '') {
  const close = () => connection.end('misbehaviour', code === 1005 ? undefined : code, reason)
  // Without a wait the close frame is to be the next thing after the 101, in the same turn.
  if (afterMs === 0) close()
  else life.timeout(afterMs, close)
}

// Just enough of RFC 6455 for a crowd of clients in one process: ten thousand of them must cost less than what they measure.
import { connect } from 'node:net'

/** The text of an upgrade request. */
export function upgradeText(host, port, protocol) {
  return [
    'GET / HTTP/1.1',
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    '',
    '',
  ].join('\r\n')
}

/** A masked text frame of fewer than 65,536 bytes. The mask is zero: nothing between here and the server cares. */
export function textFrame(text) {
  const payload = Buffer.from(text)
  const short = payload.length < 126
  const head = Buffer.alloc(short ? 6 : 8)
  head[0] = 0x81
  head[1] = 0x80 | (short ? payload.length : 126)
  if (!short) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

/**
 * Opens a raw connection and upgrades it. Resolves with the socket once it is open; frames then go to `onBytes`. Rejects when
 * the answer is not 101, or the connection ends before.
 */
export function openRaw({ host, port, protocol, onBytes = () => {} }) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    let head = ''
    const ended = () => reject(new Error(`no upgrade: ${head.split('\r\n')[0] || 'the connection ended'}`))
    socket.once('close', ended)
    socket.on('error', () => {})
    socket.on('connect', () => socket.write(upgradeText(host, port, protocol)))
    const reading = (chunk) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      socket.off('data', reading)
      if (!head.startsWith('HTTP/1.1 101 ')) {
        ended()
        socket.destroy()
        return
      }
      socket.off('close', ended)
      socket.on('data', onBytes)
      const rest = head.slice(end + 4)
      if (rest !== '') onBytes(Buffer.from(rest, 'latin1'))
      resolve(socket)
    }
    socket.on('data', reading)
  })
}

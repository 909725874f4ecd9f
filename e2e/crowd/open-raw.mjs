// A connection that is upgraded and then carries bytes as they are.
import { request } from 'node:http'

/** Resolves with the socket once it is open; frames then go to `onBytes`. Rejects when the answer is no upgrade. */
export function openRaw({ host, port, onBytes }) {
  return new Promise((resolve, reject) => {
    const asked = request({
      host,
      port,
      agent: false,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    asked.on('upgrade', (_, socket, head) => {
      // How it ends is told by `close`.
      socket.on('error', () => {})
      socket.on('data', onBytes)
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    asked.on('response', ({ statusCode }) => reject(new Error(`no upgrade: HTTP status ${statusCode}`)))
    asked.on('error', reject)
    asked.end()
  })
}

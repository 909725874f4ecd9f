import { WebSocket } from 'ws'
import type { Start } from '../contender.ts'

/** `ws` itself, with the listeners that a browser's WebSocket has too. It never reconnects. */
export const startRawWs: Start = ({ url, events }) => {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => events.message(data))
  socket.addEventListener('error', () => {})
  socket.addEventListener('close', () => events.lost?.())
  const opened = new Promise((resolve) => socket.addEventListener('open', resolve))
  return {
    link: {
      send: (message) => socket.send(message),
      close: () => socket.close(),
      dispose: () => socket.terminate(),
    },
    opened,
  }
}

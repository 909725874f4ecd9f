import { io, type ManagerOptions } from 'socket.io-client'
import type { Setup, Start } from '../contender.ts'

const settings: { readonly [Name in Setup]: Partial<ManagerOptions> } = {
  default: {},
  eager: { reconnectionDelay: 50, reconnectionDelayMax: 50 },
  roomy: {},
  // Its heartbeat is the server's, who tells it: 25 s and 20 s unless set.
  watchful: {},
}

/** Socket.IO over WebSocket only, against its own server with recovery of missed messages. */
export const startSocketIo: Start = ({ url, setup, events }) => {
  const socket = io(url, { ...settings[setup], transports: ['websocket'], forceNew: true })
  socket.on('m', (data: unknown) => events.message(data))
  socket.on('disconnect', () => events.lost?.())
  const opened = new Promise<void>((resolve) => socket.on('connect', () => resolve()))
  return {
    link: { send: (message) => void socket.emit('m', message), close: () => void socket.disconnect() },
    opened,
  }
}

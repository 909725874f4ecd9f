import PartyWebSocket from 'partysocket/ws'
import { WebSocket } from 'ws'
import type { Setup, Start } from '../contender.ts'

const settings: { readonly [Name in Setup]: object } = {
  default: {},
  eager: { minReconnectionDelay: 50, maxReconnectionDelay: 50 },
  roomy: {},
  watchful: {},
}

/** A fork of `reconnecting-websocket`. It has no heartbeat. */
export const startPartysocket: Start = ({ url, setup, events }) => {
  const socket = new PartyWebSocket(url, [], { ...settings[setup], WebSocket })
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => events.message(data))
  socket.addEventListener('close', () => events.lost?.())
  const opened = new Promise((resolve) => socket.addEventListener('open', resolve))
  return {
    link: { send: (message) => socket.send(message as string), close: () => socket.close() },
    opened,
  }
}

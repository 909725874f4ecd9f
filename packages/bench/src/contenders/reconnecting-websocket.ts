import ReconnectingWebSocket, { type Options } from 'reconnecting-websocket'
import { WebSocket } from 'ws'
import type { Setup, Start } from '../contender.ts'

const settings: { readonly [Name in Setup]: Options } = {
  default: {},
  eager: { minReconnectionDelay: 50, maxReconnectionDelay: 50 },
  roomy: {},
  watchful: {},
}

/** The library that Holdfast keeps connections with, by itself. It has no heartbeat. */
export const startReconnectingWebSocket: Start = ({ url, setup, events }) => {
  const socket = new ReconnectingWebSocket(url, [], { ...settings[setup], WebSocket })
  socket.binaryType = 'arraybuffer' as BinaryType
  socket.addEventListener('message', ({ data }) => events.message(data))
  socket.addEventListener('close', () => events.lost?.())
  const opened = new Promise((resolve) => socket.addEventListener('open', resolve))
  return { link: { send: (message) => socket.send(message), close: () => socket.close() }, opened }
}

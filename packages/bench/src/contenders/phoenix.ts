import { Socket } from 'phoenix'
import { WebSocket } from 'ws'
import type { Start } from '../contender.ts'

/** The client of Phoenix channels, against a server of a few lines: every push is answered. */
export const startPhoenix: Start = ({ url, setup, events }) => {
  const socket = new Socket(url, {
    transport: WebSocket,
    ...(setup === 'eager' && { reconnectAfterMs: () => 50, rejoinAfterMs: () => 50 }),
    ...(setup === 'watchful' && { heartbeatIntervalMs: 750 }),
  })
  socket.onClose(() => events.lost?.())
  socket.connect()
  const channel = socket.channel('room:1', {})
  const opened = new Promise((resolve) => channel.join().receive('ok', resolve))
  // A heartbeat without an answer ends the socket half a minute later, but its channels are told at once.
  channel.onError(() => events.lost?.())
  const answered = ({ data }: { readonly data: unknown }) => events.message(data)
  channel.on('m', answered)
  const send = (data: unknown) => void channel.push('m', { data }).receive('ok', answered)
  return { link: { send, close: () => socket.disconnect() }, opened }
}

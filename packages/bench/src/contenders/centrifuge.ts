import { Centrifuge, type Options } from 'centrifuge'
import { WebSocket } from 'ws'
import type { Setup, Start } from '../contender.ts'

const settings: { readonly [Name in Setup]: Partial<Options> } = {
  default: {},
  eager: { minReconnectDelay: 50, maxReconnectDelay: 50 },
  roomy: {},
  // The server tells how often it pings.
  watchful: { maxServerPingDelay: 500 },
}

/** Centrifuge with its JSON protocol, against a server of a few lines: messages without a channel, both ways. */
export const startCentrifuge: Start = ({ url, setup, events }) => {
  const client = new Centrifuge(url, { ...settings[setup], websocket: WebSocket })
  client.on('message', ({ data }) => events.message(data))
  client.on('connecting', ({ code }) => {
    if (code > 0) events.lost?.()
  })
  const opened = new Promise<void>((resolve) => client.on('connected', () => resolve()))
  client.connect()
  const send = (message: unknown) => void client.send(message).catch(() => {})
  return { link: { send, close: () => client.disconnect() }, opened }
}

import type { Contender } from './contender.ts'

const both = ['text', 'binary'] as const
const text = ['text'] as const

/** Everything that is compared, raw `ws` first: the others are told as ratios to it. */
export const contenders: readonly Contender[] = [
  {
    name: 'ws',
    server: 'ws',
    sends: both,
    packages: ['ws'],
    load: async () => (await import('./contenders/raw-ws.ts')).startRawWs,
  },
  {
    name: 'holdfast',
    server: 'ws',
    sends: both,
    packages: ['holdfast'],
    load: async () => (await import('./contenders/holdfast.ts')).startHoldfast,
  },
  {
    name: 'holdfast resume',
    server: 'holdfast-resume',
    sends: both,
    packages: ['holdfast'],
    load: async () => (await import('./contenders/holdfast.ts')).startHoldfastResume,
  },
  {
    name: 'holdfast batch',
    server: 'holdfast-batch',
    sends: both,
    packages: ['holdfast'],
    load: async () => (await import('./contenders/holdfast.ts')).startHoldfastBatch,
  },
  {
    name: 'reconnecting-websocket',
    server: 'ws',
    sends: both,
    packages: ['reconnecting-websocket'],
    load: async () => (await import('./contenders/reconnecting-websocket.ts')).startReconnectingWebSocket,
  },
  {
    name: 'partysocket',
    server: 'ws',
    sends: both,
    packages: ['partysocket'],
    load: async () => (await import('./contenders/partysocket.ts')).startPartysocket,
  },
  {
    name: 'socket.io',
    server: 'socket.io',
    sends: both,
    packages: ['socket.io-client', 'socket.io'],
    load: async () => (await import('./contenders/socket-io.ts')).startSocketIo,
  },
  {
    name: 'centrifuge',
    server: 'centrifuge',
    sends: text,
    packages: ['centrifuge'],
    load: async () => (await import('./contenders/centrifuge.ts')).startCentrifuge,
  },
  {
    name: 'phoenix',
    server: 'phoenix',
    sends: text,
    packages: ['phoenix'],
    load: async () => (await import('./contenders/phoenix.ts')).startPhoenix,
  },
  {
    name: 'signalr',
    server: 'signalr',
    sends: text,
    packages: ['@microsoft/signalr'],
    load: async () => (await import('./contenders/signalr.ts')).startSignalr,
  },
  {
    name: 'graphql-ws',
    server: 'graphql-ws',
    sends: text,
    packages: ['graphql-ws'],
    load: async () => (await import('./contenders/graphql-ws.ts')).startGraphqlWs,
  },
]

/** A way to use one of them that matters for many small messages, and differs in nothing else. */
export const arrayContender: Contender = {
  name: 'holdfast, codec for arrays',
  server: 'ws',
  sends: text,
  packages: ['holdfast'],
  load: async () => (await import('./contenders/holdfast.ts')).startHoldfastArrays,
}

/** @throws Error when there is no contender of that name */
export function contenderOf(name: string): Contender {
  const all = [...contenders, arrayContender]
  const found = all.find((one) => one.name === name)
  if (found) return found
  const names = all.map((one) => one.name).join(', ')
  throw new Error(`contender: one of ${names} is needed, received ${name}`)
}

import type { Dialect } from './ws-server.ts'

type Fields = Readonly<Record<string, unknown>>

const parse = (data: Buffer) => JSON.parse(data.toString()) as Fields

/** As much of Centrifugo's JSON protocol as a client needs that sends and receives messages without a channel. */
const centrifugeDialect: Dialect = {
  answer: (data, _isBinary, plan) => {
    const replies = data
      .toString()
      .split('\n')
      .filter((line) => line !== '' && line !== '{}')
      .map((line) => {
        const { id, connect, send } = JSON.parse(line) as { id?: number; connect?: object; send?: Fields }
        if (connect) {
          const ping = plan.watchful ? 1 : 25
          return JSON.stringify({ id, connect: { client: 'c', version: 'bench', ping, pong: true } })
        }
        return send && centrifugeDialect.frame(plan.received(send['data']) as string)
      })
    return replies.filter((one) => one !== undefined)
  },
  frame: (message) => JSON.stringify({ push: { message: { data: message } } }),
  beat: { frame: '{}', everyMs: 25_000 },
}

/** As much of Phoenix channels: joins, heartbeats and pushes are answered. */
const phoenixDialect: Dialect = {
  answer: (data, _isBinary, plan) => {
    const [joinRef, ref, topic, event, payload] = JSON.parse(data.toString()) as readonly [
      unknown,
      unknown,
      string,
      string,
      Fields,
    ]
    const response = event === 'm' ? { data: plan.received(payload['data']) } : {}
    return [JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response }])]
  },
  frame: (message) => JSON.stringify([null, null, 'room:1', 'm', { data: message }]),
}

const recordEnd = '\u001e'

/** As much of SignalR's JSON hub protocol: the handshake, and an invocation back for each. */
const signalrDialect: Dialect = {
  answer: (data, _isBinary, plan) => {
    const records = data.toString().split(recordEnd).slice(0, -1)
    const replies = records.map((record) => {
      const { protocol, type, arguments: given } = JSON.parse(record) as Fields & { arguments?: unknown[] }
      if (protocol !== undefined) return `{}${recordEnd}`
      return type === 1 ? signalrDialect.frame(plan.received(given?.[0]) as string) : ''
    })
    return replies.filter((one) => one !== '')
  },
  frame: (message) => JSON.stringify({ type: 1, target: 'echo', arguments: [message] }) + recordEnd,
  beat: { frame: `{"type":6}${recordEnd}`, everyMs: 15_000 },
}

/** As much of graphql-transport-ws: each query gets its variable back, and is complete. */
const graphqlWsDialect: Dialect = {
  subprotocol: 'graphql-transport-ws',
  answer: (data, _isBinary, plan) => {
    const { type, id, payload } = parse(data) as Fields & { payload?: { variables?: Fields } }
    if (type === 'connection_init') return ['{"type":"connection_ack"}']
    if (type === 'ping') return ['{"type":"pong"}']
    if (type !== 'subscribe') return []
    const m = plan.received(payload?.variables?.['m'])
    return [
      JSON.stringify({ id, type: 'next', payload: { data: { m } } }),
      JSON.stringify({ id, type: 'complete' }),
    ]
  },
  frame: (message) => message,
}

/** By the name of the kind of server. */
export const dialects = {
  centrifuge: centrifugeDialect,
  phoenix: phoenixDialect,
  signalr: signalrDialect,
  'graphql-ws': graphqlWsDialect,
} as const

import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Start } from '../contender.ts'

/** graphql-ws, against a server of a few lines: each message is a query with one result. */
export const startGraphqlWs: Start = ({ url, setup, events }) => {
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: false,
    onNonLazyError: () => {},
    shouldRetry: () => true,
    ...(setup === 'eager' && {
      retryAttempts: 1_000,
      retryWait: () => new Promise((run) => setTimeout(run, 50)),
    }),
    ...(setup === 'watchful' && { keepAlive: 1_000 }),
  })
  if (setup === 'watchful') endWithoutPong(client)
  client.on('closed', () => events.lost?.())
  const opened = new Promise<void>((resolve) => client.on('connected', () => resolve()))
  const sink = {
    next: ({ data }: { readonly data?: Record<string, unknown> | null }) => events.message(data?.['m']),
    error: () => {},
    complete: () => {},
  }
  const send = (message: unknown) => void client.subscribe({ query: '{m}', variables: { m: message } }, sink)
  return { link: { send, close: () => void client.dispose() }, opened }
}

/** It pings, and leaves it to its user to do something when no pong comes: this is what its documentation says how. */
function endWithoutPong(client: Client): void {
  let late: NodeJS.Timeout | undefined
  client.on('ping', (received) => {
    if (!received) late = setTimeout(() => client.terminate(), 500)
  })
  client.on('pong', (received) => {
    if (received) clearTimeout(late)
  })
}

import { createClient } from 'graphql-ws'
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

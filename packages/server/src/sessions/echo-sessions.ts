import type { ServerSession } from './server-session.ts'

/**
 * Sends every message back, once and in order, across any number of connections. With `ack: 'handled'` the client has to stop
 * while it does not take what is echoed, provided that twice the window may be held, as by default. Otherwise, and with
 * `ack: 'received'`, a client that only sends loses its session once too much waits for it.
 */
export function echoSessions(session: ServerSession): void {
  session.on('message', (message) => {
    const { error } = session.send(message)
    // An echo with holes would be worse than none.
    if (error !== undefined) session.dispose()
    else if (session.flow === 'backed-up') return session.ready().catch(ended)
    return undefined
  })
}

function ended(): void {
  // Nobody waits for the echo of a session that is over.
}

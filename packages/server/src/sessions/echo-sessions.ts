import type { ServerSession } from './server-session.ts'

/**
 * Sends every message back, once and in order, across any number of connections. With `ack: 'handled'` it takes no more while
 * the client does not take what is echoed; with `'received'` it ends the session when too much waits.
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

import type { Release, Scope } from '@holdfast/lifetime'
import type { Connection } from '../connection.ts'
import type { ServerSession } from '../sessions/server-session.ts'

/** Whoever sends requests. */
export type Peer = Connection | ServerSession

/** Registers for messages and for the end. */
export function listen(
  peer: Peer,
  onMessage: (message: string | Uint8Array) => unknown,
  onEnd: () => void,
): readonly Release[] {
  return isSession(peer)
    ? [peer.on('message', onMessage), peer.on('closed', onEnd)]
    : [peer.on('message', onMessage), peer.on('closed', onEnd)]
}

/** Tells whether it has ended already. */
export function isOver(peer: Peer): boolean {
  return isSession(peer) ? peer.state.name === 'ended' : peer.state === 'closed'
}

/**
 * Resolves when what waits for the client has shrunk, at once if it is little; or at the end of the scope.
 * @param sent what `send` gave
 */
export async function drained(peer: Peer, sent: unknown, scope: Scope): Promise<void> {
  if (isSession(peer)) {
    // Rejects when the session ends first; then nobody waits for an answer.
    if (peer.flow === 'backed-up') await peer.ready().catch(() => {})
  } else if (sent === 'backed-up') {
    // Of a scope that has ended it has ended as well, and then this resolves at once.
    const wait = scope.child()
    await new Promise<void>((resolve) => {
      wait.defer(resolve)
      wait.defer(peer.on('drained', () => wait.end()))
    })
  }
}

function isSession(peer: Peer): peer is ServerSession {
  return 'principal' in peer
}

import type { Socket } from 'node:net'
import type { Timers } from './timers.ts'

// How long a peer may take to answer our FIN before its socket is taken away.
const lingerMs = 1_000

/**
 * Sends FIN now and goes on reading until the peer has closed too. Closing the descriptor instead would turn the FIN
 * into a RST whenever unread bytes are waiting (RFC 2525, section 2.17).
 */
export function sendFin(socket: Socket, timers: Timers): void {
  if (socket.destroyed) return
  timers.after(lingerMs, () => socket.destroy())
  socket.resume()
  socket.end()
}

/** Sends RST now; bytes that the system has not put on the wire yet are lost, as in any abortive close. */
export function sendRst(socket: Socket, timers: Timers): void {
  if (socket.destroyed) return
  if (socket.connecting) {
    // Node sends it when the dial is answered, which may be never.
    timers.after(lingerMs, () => socket.destroy())
    socket.resetAndDestroy()
  } else if (socket.writableEnded && !socket.writableFinished) {
    // libuv refuses a reset while a shutdown is under way (EINVAL) and Node would then never close the handle.
    timers.after(lingerMs, () => socket.destroy())
    socket.once('finish', () => socket.resetAndDestroy())
  } else {
    socket.resetAndDestroy()
  }
}

/** Closes an open socket without caring how its peer sees it; resolves when the descriptor is closed. */
export function destroySocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.destroy()
  })
}

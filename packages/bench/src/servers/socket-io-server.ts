import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import type { ServerPart, ServerPlan } from './server-part.ts'

/** Starts Socket.IO's own server, with recovery of what clients missed while they were away. */
export async function startSocketIoServer(plan: ServerPlan): Promise<ServerPart> {
  const http = createServer()
  const server = new Server(http, {
    transports: ['websocket'],
    connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
    ...(plan.watchful && { pingInterval: 1_000, pingTimeout: 500 }),
  })
  server.on('connection', (socket) => {
    plan.connected()
    void socket.join('all')
    socket.on('m', (message: unknown) => {
      const answer = plan.received(message)
      if (answer !== undefined) socket.emit('m', answer)
    })
  })
  http.listen({ port: plan.port, host: '127.0.0.1', backlog: 2_048 })
  await once(http, 'listening')
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    cut: () => {
      for (const { conn } of server.sockets.sockets.values()) terminate(conn)
    },
    // To a room: that is what is kept for those who are away.
    broadcast: (message) => void server.to('all').emit('m', message),
    stop: async () => {
      for (const { conn } of server.sockets.sockets.values()) terminate(conn)
      await server.close()
    },
  }
}

/** Engine.IO has no public way to break a connection; this is the TCP connection that came with the request. */
function terminate(connection: unknown): void {
  const { request } = connection as { readonly request: { readonly socket: { destroy(): void } } }
  request.socket.destroy()
}

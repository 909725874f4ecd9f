import { type Connection, createServer, type ServerOptions } from '@holdfast/server'
import { createHub } from '@holdfast/server/hub'
import { type ServerSession, sessions } from '@holdfast/server/sessions'
import type { ServerPart, ServerPlan } from './server-part.ts'

const many = 1_000_000

/** Starts Holdfast's server, without its limits on crowds: here all clients come from one address. */
export async function startHoldfastServer(
  plan: ServerPlan,
  how: 'plain' | 'resume' | 'batch',
): Promise<ServerPart> {
  const joined = new Set<Connection | ServerSession>()
  const hub = createHub()
  const server = createServer({
    ...roomy(plan.port),
    handler: (connection) => {
      joined.add(connection)
      connection.on('closed', () => joined.delete(connection))
      answer(connection, plan)
    },
    ...(how !== 'plain' && { sessions: resumable(plan, how === 'batch', joined) }),
  })
  const { url } = await server.start()
  return {
    url,
    cut: () => {
      for (const connection of server.connections) connection.terminate()
    },
    broadcast: (message) => {
      if (hub.size < joined.size) for (const one of joined) hub.register(one)
      hub.broadcast(message)
    },
    stop: () => server.stop({ deadlineMs: 0 }).then(() => {}),
  }
}

function resumable(plan: ServerPlan, batch: boolean, joined: Set<Connection | ServerSession>) {
  return sessions({
    maxSessions: many,
    maxPerPrincipal: many,
    maxUnconfirmed: many,
    maxAwaitedHellos: many,
    batch,
    handler: (session) => {
      joined.add(session)
      void session.closed.then(() => joined.delete(session))
      answer(session, plan)
    },
  })
}

function roomy(port: number): ServerOptions {
  return {
    host: '127.0.0.1',
    port,
    origins: 'any',
    maxConnections: many,
    maxConnectionsPerAddress: many,
    admission: { perSecond: Number.POSITIVE_INFINITY },
    maxMessagesPerS: Number.POSITIVE_INFINITY,
    maxControlFramesPerS: Number.POSITIVE_INFINITY,
  }
}

function answer(one: Connection | ServerSession, plan: ServerPlan): void {
  plan.connected()
  const echo = (message: unknown) => {
    const reply = plan.received(message)
    if (reply !== undefined) one.send(reply as string)
  }
  if ('principal' in one) one.on('message', echo)
  else one.on('message', echo)
}

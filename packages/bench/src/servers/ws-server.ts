import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { ServerPart, ServerPlan } from './server-part.ts'

/** How a protocol on plain `ws` answers: what to send back for each frame, and how a message of the server looks. */
export interface Dialect {
  /** The subprotocol to agree on. */
  readonly subprotocol?: string
  /** @returns the frames to send back */
  answer(data: Buffer, isBinary: boolean, plan: ServerPlan): readonly (string | Buffer)[]
  /** Puts a message of the server into a frame. */
  frame(message: string): string
  /** The heartbeat of servers of that kind: what they send without being asked, and how often unless told to be watchful. */
  readonly beat?: { readonly frame: string; readonly everyMs: number }
}

const echo: Dialect = {
  answer: (data, isBinary, plan) => {
    const answer = plan.received(isBinary ? data : data.toString())
    return answer === undefined ? [] : [answer as string | Buffer]
  },
  frame: (message) => message,
}

/** Starts a server on plain `ws` that echoes, or speaks a dialect. */
export async function startWsServer(plan: ServerPlan, dialect: Dialect = echo): Promise<ServerPart> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: plan.port,
    perMessageDeflate: false,
    backlog: 2_048,
    ...agreeing(dialect),
  })
  await once(server, 'listening')
  /** Those who may be sent something: a dialect begins with a handshake of its own. */
  const joined = new Set<WebSocket>()
  server.on('connection', (socket: WebSocket) => {
    plan.connected()
    if (dialect === echo) joined.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => joined.delete(socket))
    socket.on('message', (data: Buffer, isBinary) => {
      joined.add(socket)
      for (const answer of dialect.answer(data, isBinary, plan)) {
        socket.send(answer, { binary: typeof answer !== 'string' })
      }
    })
  })
  const stopBeating = beatTo(joined, dialect, plan)
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    cut: () => {
      for (const socket of server.clients) socket.terminate()
    },
    broadcast: (message) => {
      const frame = typeof message === 'string' ? dialect.frame(message) : message
      for (const socket of joined) socket.send(frame)
    },
    stop: async () => {
      stopBeating()
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Sends everybody the heartbeat of the dialect, if it has one. @returns its end */
function beatTo(joined: ReadonlySet<WebSocket>, { beat }: Dialect, { watchful }: ServerPlan): () => void {
  if (beat === undefined) return () => {}
  const send = () => {
    for (const socket of joined) socket.send(beat.frame)
  }
  const timer = setInterval(send, watchful ? 1_000 : beat.everyMs)
  return () => clearInterval(timer)
}

/** Agrees to the subprotocol of the dialect, if it has one. */
function agreeing({ subprotocol }: Dialect): Pick<ServerOptions, 'handleProtocols'> {
  return subprotocol === undefined ? {} : { handleProtocols: () => subprotocol }
}

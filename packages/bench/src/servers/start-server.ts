import type { ServerKind } from '../contender.ts'
import type { ServerPart, ServerPlan } from './server-part.ts'

/** Starts the server of that kind; only what it needs is loaded. */
export async function startServer(kind: ServerKind | 'holdfast', plan: ServerPlan): Promise<ServerPart> {
  switch (kind) {
    case 'ws':
      return (await import('./ws-server.ts')).startWsServer(plan)
    case 'socket.io':
      return (await import('./socket-io-server.ts')).startSocketIoServer(plan)
    case 'holdfast':
    case 'holdfast-resume':
    case 'holdfast-batch': {
      const { startHoldfastServer } = await import('./holdfast-server.ts')
      const how = kind === 'holdfast' ? 'plain' : kind === 'holdfast-resume' ? 'resume' : 'batch'
      return startHoldfastServer(plan, how)
    }
    default: {
      const { startWsServer } = await import('./ws-server.ts')
      const { dialects } = await import('./dialects.ts')
      return startWsServer(plan, dialects[kind])
    }
  }
}

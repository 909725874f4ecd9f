import type { ServerOptions } from '@holdfast/protocol'
import type { SessionHost } from '../session-service.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'

/** Says what the protocol's core has to know, in its words. */
export function coreOptions(
  options: ResolvedSessionsOptions,
  { options: server }: SessionHost,
): ServerOptions {
  const { limits, hold, ack, batch, proto, ttlMs, spreadMs, helloTimeoutMs, byeTimeoutMs } = options
  const orZero = (timeMs: number) => (timeMs === Number.POSITIVE_INFINITY ? 0 : timeMs)
  return {
    limits,
    bounds: hold,
    ackMode: ack,
    batch,
    highWaterBytes: server.highWaterMarkBytes,
    proto,
    pingMs: orZero(server.pingIntervalMs),
    idleMs: orZero(server.idleTimeoutMs),
    ttlMs,
    spreadMs,
    helloTimeoutMs,
    byeTimeoutMs,
  }
}

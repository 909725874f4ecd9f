import type { ServerResponse } from 'node:http'
import { pathOf } from './connection-request.ts'
import { liveCount, type ServerCounters } from './counters.ts'
import { answer, type HttpRoute } from './http-route.ts'
import type { SessionStats } from './session-stats.ts'
import type { ServerState } from './state.ts'

/** The part of a server that its health tells about. */
export interface HealthSource {
  readonly state: ServerState
  readonly counters: ServerCounters
  readonly exposesStats: boolean
  /** `undefined` for a server without sessions. */
  readonly sessionStats?: SessionStats | undefined
}

/** What `/stats` answers, as JSON. */
export interface ServerStats {
  readonly state: ServerState['name']
  /** Connections that live now. */
  readonly connections: number
  readonly counters: ServerCounters
  /** Only of a server with sessions. */
  readonly sessions?: SessionStats
}

/**
 * Makes the handler of `/healthz` (200 while the process lives), `/readyz` (200 while upgrades are accepted, else 503) and,
 * where allowed, `/stats`. A server that listens itself has it built in; for an attached one, call it in your own handler.
 */
export function healthHandler(source: HealthSource): HttpRoute {
  return (request, response) => {
    const path = pathOf(request.url ?? '/')
    if (path !== '/healthz' && path !== '/readyz' && !(path === '/stats' && source.exposesStats)) return false
    response.setHeader('Cache-Control', 'no-store')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      answer(response, 405, 'GET or HEAD only\n')
    } else if (path === '/stats') answerStats(response, source)
    else if (path === '/healthz' || source.state.name === 'ready') answer(response, 200, 'ok\n')
    else answer(response, 503, `${source.state.name}\n`)
    return true
  }
}

function answerStats(response: ServerResponse, { state, counters, sessionStats }: HealthSource): void {
  const sessions = sessionStats === undefined ? {} : { sessions: sessionStats }
  const stats: ServerStats = { state: state.name, connections: liveCount(counters), counters, ...sessions }
  // Test pages of any origin read it; it is off unless asked for.
  response.setHeader('Access-Control-Allow-Origin', '*')
  answer(response, 200, JSON.stringify(stats), 'application/json')
}

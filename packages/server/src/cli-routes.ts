import type { HttpRoute } from './http-route.ts'
import type { HoldfastServer } from './server.ts'

/** What the command serves beside connections. */
export interface CommandRoutes {
  readonly metrics: boolean
  readonly profile: boolean
}

/**
 * Opens the routes of a command. Loaded only when asked for: metrics need a package that not everybody has.
 * @throws Error saying what to install
 */
export async function openRoutes(
  server: HoldfastServer,
  { metrics, profile }: CommandRoutes,
): Promise<HttpRoute[]> {
  const routes: HttpRoute[] = []
  if (metrics) routes.push(await openMetrics(server))
  if (profile) routes.push((await import('./profile/profile-route.ts')).profileRoute())
  return routes
}

async function openMetrics(server: HoldfastServer): Promise<HttpRoute> {
  try {
    const { collectDefaultMetrics } = await import('prom-client')
    const { serverMetrics } = await import('./metrics/server-metrics.ts')
    const { registry, route } = serverMetrics(server)
    collectDefaultMetrics({ register: registry })
    return route
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new Error('--metrics: needs the package prom-client, which is not installed here', { cause })
  }
}

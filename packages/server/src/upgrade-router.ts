import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Scope } from '@holdfast/lifetime'
import { pathOf } from './connection-request.ts'
import { ServerError } from './errors.ts'

/** Takes the upgrade requests of one path. */
export interface UpgradeRoute {
  /** The path without a query; `undefined` for every path that has no route of its own. */
  readonly path: string | undefined
  /** Takes an upgrade request for the path. */
  readonly open: (message: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Takes one for a path that nobody on this HTTP server listens for. */
  readonly stray: (message: IncomingMessage, socket: Duplex) => void
}

/** All routes of one HTTP server, and the one listener they share. */
interface Router {
  readonly routes: Map<string | undefined, UpgradeRoute>
  readonly listener: (message: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** Servers attached to the same HTTP server must know of each other to tell which requests are stray. */
const routerOf = new WeakMap<Server, Router>()

/**
 * Routes upgrade requests until the scope ends. A request for another path is left alone when somebody else listens for
 * upgrades on that HTTP server, since it may be theirs. When nobody does, it is handed to `stray`: Node leaves the socket to
 * the listeners, and without an answer it would hang.
 * @throws ServerError `path-taken` when the path has a route already
 */
export function routeUpgrades(scope: Scope, host: Server, route: UpgradeRoute): void {
  const router = routerOf.get(host) ?? openRouter(host)
  if (router.routes.has(route.path)) {
    throw new ServerError('path-taken', `path: ${route.path ?? 'every path'} of this HTTP server is taken`)
  }
  router.routes.set(route.path, route)
  scope.hold('listeners', () => {
    router.routes.delete(route.path)
    if (router.routes.size > 0) return
    routerOf.delete(host)
    host.off('upgrade', router.listener)
  })
}

function openRouter(host: Server): Router {
  const routes: Router['routes'] = new Map()
  const listener: Router['listener'] = (message, socket, head) => {
    const route = routes.get(pathOf(message.url ?? '/')) ?? routes.get(undefined)
    if (route !== undefined) return route.open(message, socket, head)
    if (host.listenerCount('upgrade') > 1) return undefined
    const [first] = routes.values()
    return first?.stray(message, socket)
  }
  const router = { routes, listener }
  routerOf.set(host, router)
  host.on('upgrade', listener)
  return router
}

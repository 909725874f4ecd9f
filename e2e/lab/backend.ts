import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer as createHttpServer, type OutgoingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer, type HoldfastServer } from '@holdfast/server'
import { sessions } from '@holdfast/server/sessions'
import type { Addresses } from './lab.ts'
import { ownerOf, serveLab, serveLabSession, Witness } from './lab-handler.ts'

/** A page or a file that the tests serve. */
export interface Page {
  readonly headers?: OutgoingHttpHeaders
  readonly body: string | Buffer
}

/** A server, a proxy in front of it, and a place for pages: all on ports of their own. */
export interface Backend {
  readonly addresses: Addresses
  readonly server: HoldfastServer
  readonly proxy: ChaosProxy
  /** The HTTP server of the pages. */
  readonly http: Server
  /** What is served, by path; `/seen/…` is taken. */
  readonly pages: Map<string, Page>
  /** Ends every fault and every connection: a fresh start for the next scenario. */
  reset(): Promise<void>
  stop(): Promise<void>
}

const certificates = new URL('../../packages/server/test/fixtures/', import.meta.url)

/** The self-signed certificate of the tests, for `localhost` and `127.0.0.1`. */
export const certificate = {
  cert: readFileSync(new URL('test-only-cert.pem', certificates)),
  key: readFileSync(new URL('test-only-key.pem', certificates)),
}

/** Starts everything. @param secure over TLS, with the self-signed certificate */
export async function startBackend({ secure = false } = {}): Promise<Backend> {
  const pages = new Map<string, Page>([['/', html('<title>lab</title>')]])
  const witness = new Witness()
  const http = createHttpServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/s, '')
    const seen = /^\/seen\/(.+)$/.exec(path)?.[1]
    const page = seen === undefined ? pages.get(path) : json(witness.seen(seen))
    response.writeHead(page ? 200 : 404, page?.headers)
    response.end(page?.body ?? 'not found')
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const pageOrigin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const server = serverFor(witness, { origin: pageOrigin, secure, ttlMs: 60_000 })
  const brief = serverFor(witness, { origin: pageOrigin, secure, ttlMs: 50 })
  const { port, url } = await server.start()
  const { url: briefUrl } = await brief.start()
  const proxy = await startChaos({ target: { host: '127.0.0.1', port }, maxLogEntries: 10_000 })
  return {
    addresses: {
      proxied: `${secure ? 'wss' : 'ws'}://127.0.0.1:${proxy.port}`,
      direct: url.replace(/\/$/, ''),
      brief: briefUrl.replace(/\/$/, ''),
      proxyControl: `http://127.0.0.1:${proxy.controlPort}`,
      pages: pageOrigin,
    },
    server,
    proxy,
    http,
    pages,
    async reset() {
      await proxy.clear()
      proxy.reset()
    },
    async stop() {
      await proxy.close()
      await server.stop({ deadlineMs: 0 })
      await brief.stop({ deadlineMs: 0 })
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

/** Serves plain clients and those that resume: a session belongs to a service and a tag. */
function serverFor(
  witness: Witness,
  { origin, secure, ttlMs }: { readonly origin: string; readonly secure: boolean; readonly ttlMs: number },
): HoldfastServer {
  const server = createServer({
    allowMisbehaviour: true,
    origins: [origin],
    handler: serveLab,
    sessions: sessions({
      ttlMs,
      proto: ['chat.v2', 'chat.v1'],
      authenticate: ({ request }) => ({ principal: ownerOf(request.path) }),
      handler(session) {
        witness.watchSession(session)
        serveLabSession(session, server)
      },
    }),
    ...(secure ? { tls: certificate } : {}),
  })
  witness.watch(server)
  return server
}

/** A page of HTML. */
export function html(body: string, headers: OutgoingHttpHeaders = {}): Page {
  return {
    headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers },
    body: `<!doctype html>${body}`,
  }
}

/** A script. */
export function script(body: string | Buffer): Page {
  return {
    headers: { 'Content-Type': 'text/javascript; charset=utf-8', 'Access-Control-Allow-Origin': '*' },
    body,
  }
}

function json(value: object): Page {
  return {
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: JSON.stringify(value),
  }
}

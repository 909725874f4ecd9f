import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer } from '@holdfast/server'
import { echoSessions, sessions } from '@holdfast/server/sessions'

/** The playground with everything behind it, as `npm start` has it, on ports of its own. */
export interface Site {
  readonly url: string
  readonly proxyUrl: string
  readonly proxy: ChaosProxy
  stop(): Promise<void>
}

const dist = new URL('../../playground/dist/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Starts the page, served under a policy that allows nothing inline, the echo server, and the fault proxy. */
export async function startSite(): Promise<Site> {
  let config = {}
  const http = createHttpServer((request, response) => {
    const name = (request.url ?? '/').replace(/\?.*$/s, '').slice(1) || 'index.html'
    response.setHeader('Content-Security-Policy', "default-src 'self'; connect-src *")
    if (name === 'config.json') {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(config))
      return
    }
    readFile(new URL(name, dist)).then(
      (body) => response.setHeader('Content-Type', types[extname(name)] ?? 'text/plain').end(body),
      () => response.writeHead(404).end(),
    )
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const server = createServer({
    allowMisbehaviour: true,
    origins: [url],
    sessions: sessions({ handler: echoSessions, ack: 'handled' }),
  })
  const { port, url: serverUrl } = await server.start()
  const proxy = await startChaos({ target: { host: '127.0.0.1', port } })
  const proxyUrl = `ws://127.0.0.1:${proxy.port}/`
  config = { server: serverUrl, proxy: proxyUrl, control: `http://127.0.0.1:${proxy.controlPort}` }
  return {
    url: `${url}/`,
    proxyUrl,
    proxy,
    async stop() {
      await proxy.close()
      await server.stop({ deadlineMs: 0 })
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

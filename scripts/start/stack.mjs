// Everything that `npm start` runs, in this one process: the page, the server, the fault proxy in front of it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../project.mjs'
import { freePorts } from './free-ports.mjs'
import { startPageServer } from './page-server.mjs'

const host = '127.0.0.1'

/** How long clients get to answer the close frame when everything ends. */
const stopDeadlineMs = 500

/**
 * Starts everything.
 * @param {{ ports: { page: number, server: number, proxy: number, control: number }, page: string }} wanted
 * @param {(line: string) => void} print hears of busy ports
 * @returns {Promise<{ addresses: { page: string, server: string, proxy: string, control: string, stats: string }, close(): Promise<void> }>}
 */
export async function startStack({ ports: wanted, page }, print) {
  if (!existsSync(join(page, 'index.html'))) throw new Error(`${page}: has no index.html; run npm run build`)
  const { createServer } = await built('server')
  const { echoSessions, sessions } = await built('server', 'sessions.js')
  const { startChaos } = await built('chaos')
  const ports = await freePorts(wanted, print)
  const addresses = addressesOf(ports)
  const parts = []
  const close = async () => {
    await Promise.all(parts.splice(0).map((end) => end()))
  }
  try {
    const server = createServer({
      host,
      port: ports.server,
      allowMisbehaviour: true,
      origins: originsOf(ports),
      sessions: sessions({ handler: echoSessions, ack: 'handled' }),
    })
    parts.push(() => server.stop({ deadlineMs: stopDeadlineMs }))
    await server.start()
    const target = { host, port: ports.server }
    const proxy = await startChaos({
      target,
      host,
      port: ports.proxy,
      control: { host, port: ports.control },
    })
    parts.push(() => proxy.close())
    const folders = [page, join(root, 'packages/client/dist')]
    const files = await startPageServer({ port: ports.page, folders, config: addresses })
    parts.push(() => files.close())
  } catch (error) {
    await close()
    throw error
  }
  return { addresses, close }
}

function addressesOf(ports) {
  return {
    page: `http://${host}:${ports.page}/`,
    server: `ws://${host}:${ports.server}/`,
    proxy: `ws://${host}:${ports.proxy}/`,
    control: `http://${host}:${ports.control}/`,
    stats: `http://${host}:${ports.server}/stats`,
  }
}

/** The page, by both names of this machine: a browser's origin is what stands in its address bar. */
function originsOf({ page }) {
  return [`http://${host}:${page}`, `http://localhost:${page}`]
}

async function built(name, entry = 'index.js') {
  const file = join(root, 'packages', name, 'dist', entry)
  if (!existsSync(file)) throw new Error(`packages/${name}: is not built; run npm run build`)
  return import(pathToFileURL(file).href)
}

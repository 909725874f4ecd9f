// A TCP balancer: takes turns, and gives no connection to a node whose health is red.
import { once } from 'node:events'
import { get } from 'node:http'
import { connect, createServer } from 'node:net'

const host = '127.0.0.1'

/** How long a node may take to say that it is ready. One that is stopped still takes connections, and says nothing. */
const askMs = 500

/**
 * Starts it. A large one asks for health now and then; this one asks for each connection, so it never knows anything old.
 * @param {{ port: number, targets: () => readonly { name: string, port: number }[], onChange: () => void }} options
 *   `targets` are those that might be ready; `onChange` is told when the count of connections has changed
 */
export async function startBalancer({ port, targets, onChange }) {
  /** Every connection, and the node it goes to; `undefined` while that is being found out. */
  const open = new Map()
  let turn = 0

  const server = createServer((client) => {
    open.set(client, undefined)
    client.on('error', () => client.destroy())
    client.on('close', () => {
      open.delete(client)
      onChange()
    })
    void choose().then((target) => {
      if (target === undefined || client.destroyed) client.destroy()
      else join(client, target)
    })
  })

  /** Finds the next node that is ready. */
  async function choose() {
    const all = targets()
    turn += 1
    for (let step = 0; step < all.length; step += 1) {
      const target = all[(turn + step) % all.length]
      if (await isReady(target.port)) return target
    }
    return undefined
  }

  /** Passes bytes until one end is gone; then the other one is let go of as well. */
  function join(client, { name, port: to }) {
    const upstream = connect(to, host)
    open.set(client, name)
    onChange()
    client.pipe(upstream).pipe(client)
    upstream.on('error', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  }

  server.listen({ port, host })
  await once(server, 'listening')
  return {
    port: server.address().port,
    /** How many connections a node has through this balancer. */
    connections: (name) => [...open.values()].filter((to) => to === name).length,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const client of open.keys()) client.destroy()
      await closed
    },
  }
}

/** Asks a node for its readiness: 200 or 503, or no answer at all. */
function isReady(port) {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/readyz', agent: false, timeout: askMs }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

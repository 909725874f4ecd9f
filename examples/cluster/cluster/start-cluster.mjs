// Everything that the example runs: Redis, two nodes, the balancer in front of them, the page and its desk.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { redisExecutable } from '../../../scripts/setup/redis.mjs'
import { freePorts } from '../../../scripts/start/free-ports.mjs'
import { startPageServer } from '../../../scripts/start/page-server.mjs'
import { startBalancer } from './balancer.mjs'
import { commandsFor } from './commands.mjs'
import { startDesk } from './desk.mjs'
import { Part } from './part.mjs'
import { redisIn } from './redis.mjs'

const host = '127.0.0.1'
const page = fileURLToPath(new URL('../dist', import.meta.url))
const nodeProgram = fileURLToPath(new URL('../node/server.mjs', import.meta.url))

/** How long a part may take to end in good order when everything ends. */
const endWithinMs = 3_000

/**
 * Starts everything; when a part fails to start, what was started is ended again.
 * @param {{ ports: { page: number, chat: number, desk: number }, print: (line: string) => void, quit: () => void }} options
 */
export async function startCluster({ ports: wanted, print, quit }) {
  if (!existsSync(join(page, 'index.html'))) throw new Error(`${page}: has no index.html; run npm run build`)
  const ports = await freePorts(wanted, print)
  const origins = [`http://${host}:${ports.page}`, `http://localhost:${ports.page}`]
  const program = redisExecutable()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'))
  /** How to end what runs, in the order in which it was started. */
  const endings = [() => rmSync(folder, { recursive: true, force: true })]
  let desk
  let balancer
  const changed = (what) => {
    if (what !== undefined) print(what)
    desk?.changed()
  }
  const redis = redisIn(folder, program, changed)
  const nodes = ['a', 'b'].map((name) => {
    const told = { node: name, redis: redis.socket, origins }
    return new Part({ name, program: nodeProgram, args: [JSON.stringify(told)], onChange: changed })
  })
  const parts = new Map([redis.part, ...nodes].map((part) => [part.name, part]))

  /** Newest first, one after the other; the nodes are one of them. */
  async function close() {
    await endings.splice(0).reduceRight((newer, end) => newer.then(end), Promise.resolve())
  }

  try {
    endings.push(() => redis.part.end(endWithinMs))
    await redis.part.start()
    endings.push(() => Promise.all(nodes.map((node) => node.end(endWithinMs))))
    await Promise.all(nodes.map((node) => node.start()))
    const targets = () =>
      nodes.flatMap(({ name, ready }) => (ready === undefined ? [] : { name, port: ready.port }))
    balancer = await startBalancer({ port: ports.chat, targets, onChange: () => changed() })
    endings.push(() => balancer.close())
    const view = () => ({
      parts: [...nodes, redis.part].map(({ name, state, pid }) => ({
        name,
        state,
        pid,
        connections: balancer.connections(name),
      })),
    })
    const run = commandsFor({ parts, forget: redis.forget, quit })
    desk = await startDesk({ port: ports.desk, origins, view, run })
    endings.push(() => desk.close())
    const config = { chat: `ws://${host}:${ports.chat}/`, desk: `http://${host}:${ports.desk}/` }
    const files = await startPageServer({ port: ports.page, folders: [page], config })
    endings.push(() => files.close())
    return { address: `http://${host}:${ports.page}/`, run, close }
  } catch (error) {
    await close()
    throw error
  }
}

import { createServer } from 'node:net'

/** How many ports are tried from the wanted one on. */
const tries = 100

/**
 * Finds a free port for each part, beginning with the wanted one; never the wanted port of another part.
 * @template {string} Part
 * @param {Record<Part, number>} wanted 0: any free one
 * @param {(line: string) => void} print hears of each part that has to move
 * @returns {Promise<Record<Part, number>>}
 */
export async function freePorts(wanted, print) {
  const chosen = {}
  for (const [part, port] of Object.entries(wanted)) {
    const avoided = [...Object.values(chosen), ...Object.values(wanted).filter((other) => other !== port)]
    chosen[part] = port === 0 ? await listensAt(0) : await nextFree(port, avoided)
    if (port !== 0 && chosen[part] !== port) print(`port ${port} is busy: the ${part} takes ${chosen[part]}`)
  }
  return chosen
}

async function nextFree(wanted, avoided) {
  for (let port = wanted; port < Math.min(wanted + tries, 65_536); port += 1) {
    if (!avoided.includes(port) && (await listensAt(port)) !== undefined) return port
  }
  throw new Error(`port ${wanted}: it and the ${tries} after it are busy`)
}

/** Tells which port could be listened on, `undefined` when it is taken or not allowed. */
function listensAt(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1' }, () => {
      const { port: opened } = server.address()
      server.close(() => resolve(opened))
    })
  })
}

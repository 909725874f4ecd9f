import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/**
 * Serves files and `/config.json`, which tells the page where everything is.
 * @param {{ port: number, folders: readonly string[], config: object }} options the first folder that has a file counts
 * @returns {Promise<{ close(): Promise<void> }>}
 */
export async function startPageServer({ port, folders, config }) {
  const server = createServer((request, response) => {
    answer(request, response, folders, config).catch((error) => {
      if (!response.headersSent) send(response, 500, `${error.message}\n`)
      else response.destroy()
    })
  })
  server.listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(request, response, folders, config) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'GET or HEAD only\n', { allow: 'GET, HEAD' })
  }
  const path = pathOf(request.url)
  if (path === '/config.json') {
    return send(response, 200, `${JSON.stringify(config, null, 2)}\n`, { 'content-type': types['.json'] })
  }
  const found = path === undefined ? undefined : await find(folders, path)
  if (found === undefined) return send(response, 404, 'there is no such file\n')
  response.writeHead(200, {
    'content-type': types[extname(found.file)] ?? 'application/octet-stream',
    'content-length': found.size,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  if (request.method === 'HEAD') return response.end()
  return createReadStream(found.file)
    .on('error', () => response.destroy())
    .pipe(response)
}

/** Reads the path; `undefined` when it is none, or would lead out of the folder. */
function pathOf(url) {
  try {
    const path = normalize(decodeURIComponent(new URL(url, 'http://127.0.0.1').pathname))
    if (path.includes('\0') || path.split(sep).includes('..')) return undefined
    return path.endsWith(sep) ? `${path}index.html` : path
  } catch {
    return undefined // not a URL, or not UTF-8: there is no such file
  }
}

async function find(folders, path) {
  for (const folder of folders) {
    const file = join(folder, path)
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile()) return { file, size: found.size }
  }
  return undefined
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(body)
}

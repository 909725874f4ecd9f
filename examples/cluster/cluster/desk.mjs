// What the page needs besides its files: how the cluster is doing, as server-sent events, and a place for commands.
import { once } from 'node:events'
import { createServer } from 'node:http'

const maxCommandBytes = 200

/**
 * Starts it. `GET /` is a stream of what `view` gives, sent at once and after each `changed()`; `POST /` takes a command as text.
 * @param {object} options
 * @param {number} options.port
 * @param {readonly string[]} options.origins pages that may command; a request without an origin, from no page, may as well
 * @param {() => object} options.view
 * @param {(command: string) => Promise<string>} options.run
 */
export async function startDesk({ port, origins, view, run }) {
  const watchers = new Set()
  const event = () => `data: ${JSON.stringify(view())}\n\n`

  const server = createServer((request, response) => {
    const { origin } = request.headers
    if (origin !== undefined && !origins.includes(origin))
      return answer(response, 403, 'not from this page\n')
    if (origin !== undefined) response.setHeader('access-control-allow-origin', origin)
    if (request.method === 'GET') return watch(response)
    if (request.method !== 'POST') return answer(response, 405, 'GET or POST only\n', { allow: 'GET, POST' })
    return void command(request).then(
      (text) => answer(response, 200, `${text}\n`),
      (error) => answer(response, error instanceof RangeError ? 409 : 500, `${error.message}\n`),
    )
  })

  function watch(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(event())
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
  }

  async function command(request) {
    let text = ''
    for await (const piece of request.setEncoding('utf8')) {
      text += piece
      if (text.length > maxCommandBytes)
        throw new RangeError(`command: at most ${maxCommandBytes} bytes, received more`)
    }
    return run(text)
  }

  server.listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  return {
    port: server.address().port,
    changed() {
      for (const response of watchers) response.write(event())
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(response, status, text, headers = {}) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
  response.end(text)
}

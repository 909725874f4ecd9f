import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { healthHandler } from '../src/index.ts'
import { afterwards, ask, askUpgrade, dial, make, tcp, upgradeText } from './running.ts'

async function host(
  onRequest = (url: string) => `mine: ${url}`,
): Promise<{ http: Server; base: string; port: number }> {
  const http = createHttpServer((request, response) => response.end(onRequest(request.url ?? '')))
  afterwards(() => {
    http.closeAllConnections()
    return http.listening ? new Promise((resolve) => http.close(resolve)) : undefined
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as { port: number }
  return { http, base: `ws://127.0.0.1:${port}`, port }
}

test('attached, it takes its path and leaves all plain requests to the host', async () => {
  const { http, base, port } = await host()
  const server = make({ server: http, path: '/live' })
  expect(await server.start()).toEqual({ host: '127.0.0.1', port, url: `${base}/live` })
  const { socket } = await dial(`${base}/live?x=1`)
  socket.send('hello')
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('hello')
  for (const path of ['/', '/live', '/healthz', '/readyz', '/stats']) {
    expect(await ask(base + path)).toMatchObject({ status: 200, body: `mine: ${path}` })
  }
})

test('upgrades of other paths are left to the host when it listens for them', async () => {
  const { http, base } = await host()
  const theirs = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== '/theirs') return
    theirs.handleUpgrade(request, socket, head, (accepted) => accepted.send('theirs'))
  })
  const server = make({ server: http, path: '/live' })
  await server.start()
  const { socket, received } = await dial(`${base}/theirs`)
  if (received.length === 0) await once(socket, 'message')
  expect(received).toEqual(['theirs'])
  await dial(`${base}/live`)
  expect(server.counters).toMatchObject({ opened: 1, refused: { path: 0 } })
})

test('upgrades that nobody else could take get 404, also with two servers attached', async () => {
  const { http, base } = await host()
  const one = make({ server: http, path: '/one' })
  const two = make({ server: http, path: '/two', handler: (connection) => connection.send('two') })
  await Promise.all([one.start(), two.start()])
  await dial(`${base}/one`)
  const { socket, received } = await dial(`${base}/two`)
  if (received.length === 0) await once(socket, 'message')
  expect(received).toEqual(['two'])
  expect(await askUpgrade(`${base}/three`)).toMatchObject({ status: 404 })
  await one.stop()
  expect(await askUpgrade(`${base}/one`)).toMatchObject({ status: 404 })
  await dial(`${base}/two`)
})

test('a path that is taken fails start', async () => {
  const { http, base } = await host()
  await make({ server: http, path: '/live' }).start()
  await expect(make({ server: http, path: '/live' }).start()).rejects.toMatchObject({ code: 'path-taken' })
  await dial(`${base}/live`)
})

test('stop leaves the host as it was found', async () => {
  const { http, base } = await host()
  const before = http.eventNames().map((name) => [name, http.listenerCount(name)])
  const server = make({ server: http, path: '/live' })
  await server.start()
  const { closed } = await dial(`${base}/live`)
  await server.stop()
  expect(await closed).toMatchObject({ code: 1001 })
  expect(http.eventNames().map((name) => [name, http.listenerCount(name)])).toEqual(before)
  expect(await ask(`${base}/live`)).toMatchObject({ status: 200, body: 'mine: /live' })
  expect(server.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
})

test('start waits until the host listens', async () => {
  const http = createHttpServer()
  afterwards(() => http.close())
  const server = make({ server: http, path: '/' })
  const started = server.start()
  expect(server.state.name).toBe('starting')
  http.listen(0, '127.0.0.1')
  expect((await started).url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/)
})

test('stop while the host never listens fails start and leaves no listener', async () => {
  const http = createHttpServer()
  const before = http.eventNames()
  const server = make({ server: http, path: '/' })
  const started = server.start()
  await server.stop()
  await expect(started).rejects.toMatchObject({ code: 'stopped' })
  expect(http.eventNames()).toEqual(before)
})

test('a slow request head is the business of the host', async () => {
  const { http, port } = await host()
  const server = make({ server: http, path: '/', handshakeTimeoutMs: 1 })
  await server.start()
  const { socket, text, ended } = await tcp(port)
  socket.write(upgradeText().slice(0, 30))
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.write(upgradeText().slice(30))
  await once(socket, 'data')
  expect(text()).toMatch(/^HTTP\/1.1 101 /)
  socket.destroy()
  await ended
})

test('healthHandler serves the host that calls it and leaves the rest alone', async () => {
  const http = createHttpServer()
  const server = make({ server: http, path: '/live', exposeStats: true })
  const health = healthHandler(server)
  http.on('request', (request, response) => {
    if (!health(request, response)) response.end('mine')
  })
  afterwards(() => http.close())
  http.listen(0, '127.0.0.1')
  const { port } = await server.start()
  const base = `http://127.0.0.1:${port}`
  expect(await ask(`${base}/readyz`)).toMatchObject({ status: 200, body: 'ok\n' })
  expect(await ask(`${base}/stats`)).toMatchObject({ status: 200 })
  expect(await ask(`${base}/other`)).toMatchObject({ status: 200, body: 'mine' })
  await server.stop()
  expect(await ask(`${base}/readyz`)).toMatchObject({ status: 503, body: 'stopped\n' })
  expect(await ask(`${base}/healthz`)).toMatchObject({ status: 200 })
})

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { before, event } from './tcp.ts'

async function startEcho(): Promise<{ port: number } & AsyncDisposable> {
  const http: Server = createServer()
  const sockets = new WebSocketServer({ server: http })
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    port: (http.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate()
      http.close()
      await once(http, 'close')
    },
  }
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  await once(socket, 'open')
  return socket
}

test('WebSocket messages pass, also in pieces of one byte', async () => {
  await using server = await startEcho()
  await using chaos = await before(server, { faults: { chunkBytes: 1 } })
  const socket = await open(chaos.port)
  socket.send('grüezi')
  const [data] = (await once(socket, 'message')) as [Buffer]
  expect(String(data)).toBe('grüezi')
  socket.close(1000)
  expect((await once(socket, 'close'))[0]).toBe(1000)
})

test('cut and reset close a WebSocket with 1006', async () => {
  await using server = await startEcho()
  await using chaos = await before(server)
  for (const action of ['cut', 'reset'] as const) {
    const socket = await open(chaos.port)
    chaos[action]()
    expect((await once(socket, 'close'))[0]).toBe(1006)
  }
})

test('a WebSocket in a half-open connection stays open and hears nothing', async () => {
  await using server = await startEcho()
  await using chaos = await before(server)
  const socket = await open(chaos.port)
  await chaos.set({ blackhole: 'up' })
  socket.send('anyone there?')
  await event(chaos, 'dead')
  expect(socket.readyState).toBe(WebSocket.OPEN)
  socket.terminate()
  await once(socket, 'close')
})

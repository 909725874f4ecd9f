import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { connect } from '../src/index.ts'

test('a session echoes, comes back after a cut, and holds nothing after dispose', async () => {
  const server = new WebSocketServer({ port: 0 })
  await once(server, 'listening')
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  )
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const session = connect(url, { backoff: { baseMs: 20 } })
  const seen: unknown[] = []
  const states: string[] = []
  session.on('state', ({ state }) => states.push(state.name))
  session.on('message', (message) => seen.push(message))
  const receipt = session.send('one')
  expect(receipt.status).toBe('queued')
  await session.opened()
  expect(receipt.status).toBe('written')
  expect(session.resources).toMatchObject({ sockets: 1 })
  await new Promise<void>((resolve) => session.once('message', () => resolve()))
  for (const client of server.clients) client.terminate()
  await new Promise<void>((resolve) => session.once('state', () => resolve()))
  session.send('two')
  await session.opened()
  await new Promise<void>((resolve) => session.once('message', () => resolve()))
  expect(seen).toEqual(['one', 'two'])
  session.dispose()
  expect((await session.closed).cause).toEqual({ kind: 'disposed' })
  expect(session.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  console.log(states)
  server.close()
})

import { expect, test } from 'vitest'
import { echoSessions } from '../src/sessions/index.ts'
import { dial, until } from './running.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

test('messages go both ways, as text and as binary, in order', async () => {
  const at = await sessionServer({ handler: echoSessions })
  const { client, session } = await joined(at)
  client.send('a')
  client.send('')
  client.send('\u0010escaped')
  client.send(Uint8Array.of(1, 2, 3))
  await until(() => client.received.length === 4)
  expect(client.received).toEqual(['a', '', '\u0010escaped', Buffer.from([1, 2, 3])])
  expect(at.inbox(session)).toEqual(['a', '', '\u0010escaped', Buffer.from([1, 2, 3])])
  expect(session.state).toMatchObject({ name: 'attached', connection: 'c1' })
})

test('connections without the subprotocol keep the plain handler', async () => {
  const at = await sessionServer()
  const { socket, received } = await dial(at.url)
  socket.send('hello')
  await until(() => received.length === 1)
  expect(received).toEqual(['hello'])
  expect(at.opened).toHaveLength(0)
})

test('a session goes on after a cut, with nothing lost or doubled in either direction', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  const sent = { up: [] as string[], down: [] as string[] }
  for (let round = 0; round < 20; round += 1) {
    for (let n = 0; n < 30; n += 1) {
      const name = `${round}.${n}`
      sent.up.push(name)
      sent.down.push(name)
      client.send(name)
      session.send(name)
    }
    // Cut while both directions are under way.
    client.socket?.terminate()
    session.send(`away ${round}`)
    sent.down.push(`away ${round}`)
    const { outcome } = await client.connect()
    expect(outcome.name).toBe('resumed')
  }
  await until(() => at.inbox(session).length >= sent.up.length && client.received.length >= sent.down.length)
  expect(at.inbox(session)).toEqual(sent.up)
  expect(client.received).toEqual(sent.down)
  expect(at.opened).toEqual([session])
  expect(at.live.stats).toMatchObject({ opened: 1, resumed: 20, gaps: {}, ended: {} })
})

test('a receipt tells the way of a message', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  const receipt = session.send('x')
  expect(receipt.status).toBe('queued')
  expect(session.held).toEqual({ messages: 1, bytes: 1 })
  await client.connect()
  await until(() => receipt.status !== 'queued')
  expect(['written', 'acked']).toContain(receipt.status)
  expect(await receipt.settled).toBe('acked')
  await session.flushed()
  expect(session.held).toEqual({ messages: 0, bytes: 0 })
  expect(at.live.stats?.heldBytes).toBe(0)
})

import { expect, test } from 'vitest'
import type { LogEntry } from '../src/index.ts'
import { sessions } from '../src/sessions/index.ts'
import { running, until } from './running.ts'
import { rawClient, helloText, SessionClient } from './session-client.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

const byName = ({ auth }: { auth: unknown }) => (typeof auth === 'string' ? { principal: auth } : null)

test('states are told in order, and closed is the last event', async () => {
  const at = await sessionServer({ ttlMs: 50 })
  const { client, session } = await joined(at)
  const told: string[] = []
  session.on('state', ({ state, previous }) => told.push(`${previous.name} -> ${state.name}`))
  session.on('closed', ({ cause }) => told.push(cause.kind))
  await client.cut()
  await session.closed
  expect(told).toEqual(['attached -> detached', 'detached -> ended', 'lost'])
  expect(session.state).toEqual({ name: 'ended', cause: { kind: 'lost', reason: 'expired' } })
})

test('a session whose client does not come back in time gives back what it held', async () => {
  const at = await sessionServer({ ttlMs: 100 })
  const { client, session } = await joined(at)
  const arrived = session.send('arrived')
  await arrived.settled
  await client.cut()
  await inState(session, 'detached')
  const receipt = session.send('waits')
  const { cause, handBack } = await session.closed
  expect(cause).toEqual({ kind: 'lost', reason: 'expired' })
  expect(handBack).toEqual({ undelivered: [{ message: 'waits', receipt }], uncertain: [] })
  expect(await receipt.settled).toBe('undelivered')
  const { outcome } = await client.connect()
  expect(outcome).toMatchObject({ name: 'gap', reason: 'expired' })
  expect(at.live.stats).toMatchObject({ ended: { expired: 1 }, handBacks: { undelivered: 1, uncertain: 0 } })
})

test('close says BYE, and the client answers with its counts', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  const receipt = session.send('last')
  const { cause, handBack } = await session.close({ code: 4321, reason: 'done' })
  expect(cause).toEqual({ kind: 'closed', code: 4321, reason: 'done' })
  expect(handBack).toEqual({ undelivered: [], uncertain: [] })
  expect(await receipt.settled).toBe('acked')
  expect(client.received).toEqual(['last'])
  expect(client.all('ended')).toMatchObject([{ by: 'peer', code: 4321 }])
  expect(session.close()).toBe(session.closed)
  expect(session.send('too late')).toMatchObject({ status: 'rejected', error: { code: 'session-ended' } })
})

test('BYE of the client ends the session', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  client.send('last')
  client.core.leave()
  client.run()
  expect((await session.closed).cause).toEqual({ kind: 'left' })
  expect(at.inbox(session)).toEqual(['last'])
  await until(() => client.all('ended').length === 1)
  expect(client.all('ended')).toMatchObject([{ by: 'us', answered: true }])
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4000])
})

test('a client that does not answer BYE leaves what was sent uncertain', async () => {
  const at = await sessionServer({ byeTimeoutMs: 50 })
  const { socket, controls } = await rawClient(at.url)
  socket.send(helloText())
  await until(() => controls().length > 0)
  socket.send('\u0010A0,0')
  await until(() => at.opened.length === 1)
  const [session] = at.opened
  session?.send('sent')
  const end = await session?.close()
  expect(end?.handBack.uncertain.map(({ message }) => message)).toEqual(['sent'])
  expect(await end?.handBack.uncertain[0]?.receipt.settled).toBe('uncertain')
})

test('dispose ends at once and tells the client', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  session.dispose()
  session.dispose()
  expect(session.state).toEqual({ name: 'ended', cause: { kind: 'disposed' } })
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([4410])
  expect(client.errors).toMatchObject([{ code: 4410, end: true, lost: 'ended' }])
})

test('every command is legal inside every handler', async () => {
  const at = await sessionServer({
    handler(session) {
      session.send('first')
      session.on('message', (message) => {
        if (message === 'dispose') session.dispose()
        else if (message === 'close') void session.close()
        else session.send(message)
      })
      session.on('state', () => session.dispose())
      session.on('closed', () => {
        session.send('nothing')
        session.dispose()
        void session.close()
      })
    },
  })
  for (const word of ['dispose', 'close']) {
    const { client, session } = await joined(at)
    client.send('a')
    client.send(word)
    await session.closed
    await until(() => client.closes.length === 1)
    expect(client.received).toEqual(['first', 'a'])
  }
  expect(at.errors).toEqual([])
})

test('a later connection takes the session over, and the loser is told 4409 and gives up', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  const loser = client.socket
  // The same client on another connection, as after a half-open link: the server still believes in the first.
  const codes: number[] = []
  loser?.on('close', (code) => codes.push(code))
  await client.connect()
  await until(() => codes.length === 1)
  expect(codes).toEqual([4409])
  expect(session.state).toMatchObject({ name: 'attached', connection: 'c2' })
  expect(at.live.stats).toMatchObject({ superseded: 1, resumed: 1, opened: 1 })
  // Somebody else with its secrets: now the client itself loses, and makes no further attempt.
  const { sid, tok } = client.all('welcomed').at(-1)?.welcome ?? { sid: '', tok: '' }
  const thief = await rawClient(at.url)
  thief.socket.send(helloText({ sid, tok, att: 50 }))
  await until(() => client.all('superseded').length === 1)
  expect(client.core.phase).toBe('ended')
})

test('a principal has no more sessions than the cap, and the longest unused goes first', async () => {
  const at = await sessionServer({ maxPerPrincipal: 2, authenticate: byName })
  const first = await joined(at, 'ada')
  const second = await joined(at, 'ada')
  const other = await joined(at, 'bob')
  const third = at.client()
  await third.open('ada')
  await until(() => third.closes.length === 1)
  expect(third.closes).toEqual([4429])
  expect(third.errors).toMatchObject([{ code: 4429 }])
  await second.client.cut()
  await inState(second.session, 'detached')
  await joined(at, 'ada')
  expect((await second.session.closed).cause).toEqual({ kind: 'lost', reason: 'expired' })
  expect(first.session.state.name).toBe('attached')
  expect(other.session.state.name).toBe('attached')
})

test('there are no more sessions than the cap', async () => {
  const at = await sessionServer({ maxSessions: 2 })
  const { client, session } = await joined(at)
  await joined(at)
  const third = at.client()
  await third.open()
  await until(() => third.closes.length === 1)
  expect(third.closes).toEqual([4429])
  await client.cut()
  await joined(at)
  expect((await session.closed).cause).toEqual({ kind: 'lost', reason: 'expired' })
})

test('endSessions ends every session of a principal, and no other', async () => {
  const at = await sessionServer({ authenticate: byName })
  const here = await joined(at, 'ada')
  const away = await joined(at, 'ada')
  const other = await joined(at, 'bob')
  await away.client.cut()
  await inState(away.session, 'detached')
  expect(at.live.endSessions('ada', { code: 4403, reason: 'banned' })).toBe(2)
  for (const { session } of [here, away]) {
    expect((await session.closed).cause).toEqual({ kind: 'closed', code: 4403, reason: 'banned' })
  }
  expect(here.client.all('ended')).toMatchObject([{ by: 'peer', code: 4403 }])
  expect(other.session.state.name).toBe('attached')
  expect([...at.live]).toEqual([other.session])
  expect(() => at.live.endSessions('')).toThrow('principal: must have at least 1 character')
})

test('what is held is bounded by count, by bytes and for all sessions together', async () => {
  const at = await sessionServer({ maxHeldMessages: 4, maxHeldBytes: 100, maxTotalHeldBytes: 150 })
  const [one, two] = [await joined(at), await joined(at)]
  for (const { client, session } of [one, two]) {
    await client.cut()
    await inState(session, 'detached')
  }
  expect(one.session.flow).toBe('flowing')
  for (const text of ['a', 'b', 'c', 'd']) expect(one.session.send(text).status).toBe('queued')
  expect(one.session.flow).toBe('backed-up')
  expect(one.session.send('e')).toMatchObject({ status: 'rejected', error: { code: 'overflow' } })
  expect(two.session.send('x'.repeat(90)).status).toBe('queued')
  expect(two.session.send('x'.repeat(11))).toMatchObject({ status: 'rejected', error: { code: 'overflow' } })
  const ready = one.session.ready()
  await one.client.connect()
  await ready
  expect(one.client.received).toEqual(['a', 'b', 'c', 'd'])
  expect(one.session.send('e').error).toBeUndefined()
  await one.session.flushed()
  expect(at.live.stats?.heldBytes).toBe(90)
  expect(one.session.id).not.toBe(two.session.id)
  for (const text of ['a', 'b', 'c']) two.session.send(text)
  const pending = two.session.ready()
  await two.session.close()
  await expect(pending).rejects.toMatchObject({ code: 'session-ended' })
  await expect(two.session.ready()).rejects.toMatchObject({ code: 'session-ended' })
  await expect(two.session.flushed()).rejects.toMatchObject({ code: 'session-ended' })
  expect(at.live.stats?.heldBytes).toBe(0)
})

test('with overflow "end" a client that takes nothing loses its session', async () => {
  const at = await sessionServer({ maxHeldMessages: 2, overflow: 'end' })
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  session.send('a')
  session.send('b')
  expect(session.send('c')).toMatchObject({ status: 'rejected', error: { code: 'overflow' } })
  const { cause, handBack } = await session.closed
  expect(cause).toEqual({ kind: 'lost', reason: 'overflow' })
  expect(handBack.undelivered).toHaveLength(2)
})

test('a message that is too large for the client is rejected and harms nothing', async () => {
  const at = await sessionServer()
  const client = new SessionClient(at.url, {
    limits: { maxBytes: 10, windowMessages: 10, windowBytes: 100 },
  })
  await client.connect()
  await until(() => at.opened.length === 1)
  const [session] = at.opened
  expect(session?.send('x'.repeat(11))).toMatchObject({
    status: 'rejected',
    error: { code: 'message-too-large' },
  })
  session?.send('x'.repeat(10))
  await until(() => client.received.length === 1)
})

test('only text, buffers and views can be sent, and bytes are copied', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  await client.cut()
  await inState(session, 'detached')
  const buffer = Uint8Array.of(1, 2, 3, 4)
  session.send(buffer)
  session.send(buffer.subarray(1, 3))
  session.send(buffer.buffer)
  buffer.fill(9)
  expect(() => session.send(7 as never)).toThrow('message: must be a string, an ArrayBuffer or a view of one')
  await client.connect()
  await until(() => client.received.length === 3)
  expect(client.received).toEqual([Buffer.from([1, 2, 3, 4]), Buffer.from([2, 3]), Buffer.from([1, 2, 3, 4])])
})

test('a handler that sends before it listens misses nothing, even if the first frame is a message', async () => {
  const inbox: unknown[] = []
  const at = await running({
    sessions: sessions({
      handler(session) {
        session.send('welcome')
        session.on('message', (message) => inbox.push(message))
      },
    }),
  })
  const { socket, controls, frames } = await rawClient(at.url)
  socket.send(helloText())
  await until(() => controls().length > 0)
  socket.send('first')
  await until(() => frames.includes('welcome'))
  expect(inbox).toEqual(['first'])
})

test('a session handler that fails is reported, and ends only its own session', async () => {
  const failure = new Error('handler')
  const at = await sessionServer({
    handler(session) {
      if (session.principal === 'bad') throw failure
    },
    authenticate: byName,
  })
  const good = await joined(at, 'good')
  const bad = await joined(at, 'bad')
  expect((await bad.session.closed).cause).toEqual({ kind: 'disposed' })
  expect(at.errors).toEqual([failure])
  expect(good.session.state.name).toBe('attached')
})

test('a failing message handler is reported and harms nothing', async () => {
  const at = await sessionServer({
    handler(session) {
      session.on('message', (message) => {
        throw new Error(String(message))
      })
    },
  })
  const { client, session } = await joined(at)
  client.send('a')
  await until(() => at.errors.length === 1)
  const own: unknown[] = []
  session.on('error', ({ phase }) => own.push(phase))
  client.send('b')
  await until(() => own.length === 1)
  expect(own).toEqual(['handler'])
  expect(at.errors).toHaveLength(1)
  expect(at.inbox(session)).toEqual(['a', 'b'])
})

test('names and logs hold no session id and no token', async () => {
  const entries: LogEntry[] = []
  const at = await sessionServer({ ttlMs: 50 }, { logger: (entry) => void entries.push(entry) })
  const { client, session } = await joined(at)
  await client.cut()
  await client.connect()
  const thief = await rawClient(at.url)
  const sid = client.core.sid ?? ''
  thief.socket.send(helloText({ sid, tok: 'guessed', att: 99 }))
  await until(() => thief.controls().length > 0)
  await client.cut()
  await session.closed
  const secrets = client.frames.flatMap((frame) => {
    if (typeof frame !== 'string' || !frame.startsWith('\u0010W')) return []
    const { sid, tok } = JSON.parse(frame.slice(2)) as { sid: string; tok: string }
    return [sid, tok]
  })
  expect(secrets).toHaveLength(4)
  const log = JSON.stringify(entries) + session.id + JSON.stringify(at.live.stats)
  for (const secret of secrets) expect(log).not.toContain(secret)
  expect(log).not.toContain('guessed')
  const words = entries.map(({ event }) => event)
  for (const word of [
    'session-opened',
    'session-detached',
    'session-attached',
    'session-alarm',
    'session-ended',
  ])
    expect(words).toContain(word)
  expect(session.id).toMatch(/^s-[\w-]{10}$/)
})

test('one set of sessions works for one server', async () => {
  const live = sessions()
  await running({ sessions: live })
  await expect(running({ sessions: live })).rejects.toThrow('sessions: these work for another server already')
})

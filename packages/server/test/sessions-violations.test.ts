import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerSession } from '../src/sessions/index.ts'
import { tcp, until, upgradeText } from './running.ts'
import { helloText, rawClient, type SessionClient } from './session-client.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

// Every test has a bystander: a session of somebody else, which must notice nothing of what happens.

type At = Awaited<ReturnType<typeof sessionServer>>

let at: At
let bystander: { client: SessionClient; session: ServerSession }

/** Answers for the one whose credentials are `slow`. */
let answerSlow: (identity: { principal: string }) => void = () => {}

const authenticate = ({ auth }: { auth: unknown }) => {
  if (auth === 'slow') return new Promise<{ principal: string }>((resolve) => (answerSlow = resolve))
  return typeof auth === 'string' ? { principal: auth } : { principal: null }
}

beforeEach(async () => {
  at = await sessionServer(
    { authenticate, windowMessages: 8, helloTimeoutMs: 2_000, authenticateTimeoutMs: 2_000 },
    { maxPayloadBytes: 1_000 },
  )
  bystander = await joined(at, 'bystander')
})

afterEach(async () => {
  const { client, session } = bystander
  expect(session.state.name).toBe('attached')
  client.send('still here')
  session.send('still there')
  await until(() => client.received.length === 1 && client.acked.length === 1)
  expect(at.inbox(session)).toEqual(['still here'])
  expect(client.all('welcomed')).toHaveLength(1)
  expect(client.closes).toEqual([])
  expect(at.errors).toEqual([])
})

/** A HELLO of a raw client that names the session of a real one, as somebody does who knows all its secrets. */
async function secretsOf(client: SessionClient) {
  const frame = client.frames.find((one) => typeof one === 'string' && one.startsWith('\u0010W'))
  const { sid, tok } = JSON.parse(String(frame).slice(2)) as { sid: string; tok: string }
  return { sid, tok }
}

async function refused(first: string | Uint8Array, code: number) {
  const { socket, closed, controls } = await rawClient(at.url)
  socket.send(first)
  expect(await closed).toBe(code)
  expect(controls()).toMatchObject([{ kind: 'error', code }])
  expect(controls()[0]).not.toHaveProperty('end')
  expect(at.opened).toEqual([bystander.session])
}

test('an invented session id gets a new session and the word "unknown"', async () => {
  const { socket, controls } = await rawClient(at.url)
  socket.send(helloText({ sid: 'invented', tok: 'invented', rx: 7, ack: 7 }))
  await until(() => controls().length > 0)
  expect(controls()[0]).toMatchObject({ kind: 'welcome', res: false, lost: 'unknown', rx: 0, ack: 0 })
  expect(at.live.stats).toMatchObject({ gaps: { unknown: 1 }, alarms: { token: 0, principal: 0 } })
})

test('a replayed token gets a new session, an alarm, and does not touch the session it was for', async () => {
  const { client, session } = await joined(at, 'ada')
  const old = await secretsOf(client)
  await client.cut()
  await client.connect('ada')
  client.send('confirms')
  await until(() => at.inbox(session).length === 1)
  const alarms: unknown[] = []
  at.server.on('alarm', (alarm) => alarms.push(alarm))
  const thief = await rawClient(at.url)
  thief.socket.send(helloText({ ...old, att: 1_000, auth: 'ada' }))
  await until(() => thief.controls().length > 0)
  expect(thief.controls()[0]).toMatchObject({ kind: 'welcome', res: false, lost: 'token' })
  expect(alarms).toMatchObject([{ session: session.id, reason: 'token' }])
  expect(session.state.name).toBe('attached')
  client.send('goes on')
  await until(() => at.inbox(session).length === 2)
  expect(at.live.stats?.alarms).toEqual({ token: 1, principal: 0 })
})

test('another principal with the right token gets a new session and an alarm', async () => {
  const { client, session } = await joined(at, 'ada')
  const secrets = await secretsOf(client)
  const thief = await rawClient(at.url)
  thief.socket.send(helloText({ ...secrets, att: 1_000, auth: 'eve' }))
  await until(() => thief.controls().length > 0)
  expect(thief.controls()[0]).toMatchObject({ kind: 'welcome', res: false, lost: 'principal' })
  expect(session.state.name).toBe('attached')
  client.send('goes on')
  await until(() => at.inbox(session).length === 1)
  expect(at.live.stats?.alarms).toEqual({ token: 0, principal: 1 })
})

test('a HELLO of an older attempt is told the newer one, and disturbs nobody', async () => {
  const { client, session } = await joined(at, 'ada')
  const secrets = await secretsOf(client)
  const late = await rawClient(at.url)
  late.socket.send(helloText({ ...secrets, att: 1, auth: 'ada' }))
  expect(await late.closed).toBe(4412)
  expect(late.controls()).toMatchObject([{ kind: 'error', code: 4412, att: 1 }])
  client.send('goes on')
  await until(() => at.inbox(session).length === 1)
})

test('counts out of range end the session as diverged, and its messages come back', async () => {
  const { client, session } = await joined(at, 'ada')
  const secrets = await secretsOf(client)
  await client.cut()
  await inState(session, 'detached')
  session.send('waits')
  const { socket, controls } = await rawClient(at.url)
  socket.send(helloText({ ...secrets, att: 2, rx: 5, ack: 5, auth: 'ada' }))
  await until(() => controls().length > 0)
  expect(controls()[0]).toMatchObject({ kind: 'welcome', res: false, lost: 'diverged' })
  const { cause, handBack } = await session.closed
  expect(cause).toEqual({ kind: 'lost', reason: 'diverged' })
  expect(handBack.undelivered.map(({ message }) => message)).toEqual(['waits'])
})

test.each([
  ['data', 'hello'],
  ['binary data', Uint8Array.of(1)],
  ['an ACK', '\u0010A0,0'],
  ['no frame at all', '\u0010'],
  ['a HELLO without members', '\u0010H{}'],
  ['a HELLO of another version', helloText({ v: [2] })],
])('%s instead of HELLO is 4400', async (_name, first) => {
  await refused(first, 4400)
})

test('a first frame that is too large is 4408', async () => {
  await refused(`\u0010H${' '.repeat(20_000)}`, 4408)
})

test('no HELLO in time is 4408', async () => {
  const { closed, controls } = await rawClient(at.url)
  expect(await closed).toBe(4408)
  expect(controls()).toMatchObject([{ kind: 'error', code: 4408 }])
})

test('who said no HELLO and does not answer the close frame either is cut soon, whatever closeTimeoutMs is', async () => {
  const silent = await sessionServer(
    { helloTimeoutMs: 50, authenticateTimeoutMs: 50 },
    { closeTimeoutMs: 3_600_000 },
  )
  const { socket, ended, text } = await tcp(silent.port)
  socket.write(upgradeText('/', ['Sec-WebSocket-Protocol: holdfast.v1']))
  await ended
  expect(text()).toContain(' 101 ')
  await until(() => silent.server.counters.closed.session === 1)
})

test('data right behind HELLO, before WELCOME, is 4400', async () => {
  const { socket, closed, controls } = await rawClient(at.url)
  socket.send(helloText({ auth: 'slow' }))
  socket.send('too early')
  expect(await closed).toBe(4400)
  expect(controls()).toMatchObject([{ kind: 'error', code: 4400 }])
  answerSlow({ principal: 'late' })
  expect(at.live.stats?.states).toEqual({ unconfirmed: 0, attached: 1, detached: 0, closing: 0 })
  expect(at.opened).toEqual([bystander.session])
})

test.each([
  ['HELLO twice', helloText(), 4400, 'protocol'],
  ['an unknown letter', '\u0010Z', 4400, 'protocol'],
  ['a number that is not canonical', '\u0010A00,0', 4400, 'protocol'],
  ['a number that is not safe', '\u0010A9007199254740993,0', 4400, 'protocol'],
  ['a frame of the server', '\u0010G{"after":0,"spread":0}', 4400, 'protocol'],
  ['a transmit count that is not mine', '\u0010A0,3', 4400, 'desync'],
  ['an acknowledgement of what was never sent', '\u0010A5,0', 4400, 'badack'],
  ['an oversize text', 'x'.repeat(1_001), 4413, 'too-large'],
  ['an oversize binary', new Uint8Array(1_001), 4413, 'too-large'],
])('%s ends the session', async (_name, frame, code, reason) => {
  const { client, session } = await joined(at, 'ada')
  client.raw(frame)
  const { cause } = await session.closed
  expect(cause).toEqual({ kind: 'lost', reason })
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([code])
  expect(client.errors).toMatchObject([{ code, end: true, lost: reason }])
  // The next WELCOME says so again, to the one who can show the token.
  const { outcome } = await client.connect('ada')
  expect(outcome).toMatchObject({ name: 'gap', reason })
  expect(at.live.stats?.ended).toEqual({ [reason]: 1 })
})

test('an oversize message says which one it was', async () => {
  const { client, session } = await joined(at, 'ada')
  client.send('fits')
  client.raw('x'.repeat(1_001))
  await session.closed
  await until(() => client.errors.length === 1)
  expect(client.errors).toMatchObject([{ code: 4413, n: 2, lack: 1, lrx: 1 }])
})

test('more messages than the window allows end the session', async () => {
  let release: (value?: unknown) => void = () => {}
  const stuck = new Promise((resolve) => (release = resolve))
  const slow = await sessionServer({
    ack: 'handled',
    windowMessages: 4,
    handler: (session) => void session.on('message', () => stuck),
  })
  const { client, session } = await joined(slow)
  for (let n = 0; n < 10_000; n += 1) client.raw(`${n}`)
  expect((await session.closed).cause).toEqual({ kind: 'lost', reason: 'protocol' })
  expect(slow.inbox(session)).toEqual(['0', '1', '2', '3'])
  release()
})

test('a hundred thousand frames behind a violation change nothing more', async () => {
  const { client, session } = await joined(at, 'ada')
  const { socket } = client
  for (let n = 0; n < 100_000; n += 1) socket?.send('\u0010A9,9')
  await session.closed
  await until(() => client.closes.length === 1)
  expect(at.live.stats).toMatchObject({ heldBytes: 0, states: { attached: 1, detached: 0 } })
  expect(at.live.stats?.ended).toEqual({ desync: 1 })
})

test('nothing of a session counts any more that arrives on a connection it has left', async () => {
  const { client, session } = await joined(at, 'ada')
  const left = client.socket
  await client.connect('ada')
  left?.send('late')
  client.send('in time')
  await until(() => at.inbox(session).length > 0)
  expect(at.inbox(session)).toEqual(['in time'])
})

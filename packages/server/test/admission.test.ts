import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ManualClock } from '@holdfast/lifetime/testing'
import { FrameMeter } from '../src/frame-meter.ts'
import { LastText } from '../src/last-text.ts'
import { watchMemory } from '../src/memory-watch.ts'
import { OldestGoes } from '../src/sessions/oldest-goes.ts'
import { type Answer, askUpgrade, dial, next, running, until } from './running.ts'
import { helloText, rawClient } from './session-client.ts'
import { joined, sessionServer } from './sessions-running.ts'

const one = { perSecond: 1, burst: 1, maxWaitMs: 0, maxRetryMs: 60_000 }

test('upgrades beyond the rate get 503, each with a later moment to come again', async () => {
  const { server, url } = await running({ admission: one })
  await dial(url)
  const answers: Answer[] = []
  for (let n = 0; n < 5; n += 1) answers.push(await askUpgrade(url))
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
  const waits = answers.map(({ headers }) => Number(headers['retry-after']))
  expect(waits.every((wait, n) => n === 0 || wait >= (waits[n - 1] ?? 0))).toBe(true)
  expect(waits[4]).toBeGreaterThan(waits[0] ?? 0)
  expect(server.counters.refused.busy).toBe(5)
})

test('an upgrade that has to wait for its turn is accepted then', async () => {
  const { server, url } = await running({ admission: { perSecond: 20, burst: 1 } })
  await Promise.all(Array.from({ length: 6 }, () => dial(url)))
  expect(server.counters).toMatchObject({ opened: 6, refused: { busy: 0 } })
})

test('a client that waits for its turn when the server stops gets 503 at once', async () => {
  const { server, url } = await running({ admission: { perSecond: 1, burst: 1, maxWaitMs: 5_000 } })
  await dial(url)
  const answer = askUpgrade(url)
  await until(() => server.resources.sockets === 2)
  await server.stop({ deadlineMs: 60_000 })
  expect(await answer).toMatchObject({ status: 503 })
})

test('clients of sessions are sent away with their HELLO: 4429 and when to come again', async () => {
  const at = await sessionServer({}, { admission: one })
  const first = await rawClient(at.url)
  first.socket.send(helloText())
  await until(() => first.controls().some(({ kind }) => kind === 'welcome'))
  const retries: number[] = []
  for (let n = 0; n < 3; n += 1) {
    const raw = await rawClient(at.url)
    raw.socket.send(helloText())
    expect(await raw.closed).toBe(4429)
    const [error] = raw.controls()
    expect(error).toMatchObject({ kind: 'error', code: 4429 })
    retries.push(error?.kind === 'error' ? (error.retry ?? 0) : 0)
  }
  expect(retries.every((retry, n) => n === 0 || retry > (retries[n - 1] ?? 0))).toBe(true)
  expect(at.live.stats).toMatchObject({ sentAway: 3, states: { unconfirmed: 1 } })
  expect(at.server.counters.refused.busy).toBe(0)
})

test('a HELLO that has to wait for its turn is welcomed then', async () => {
  const at = await sessionServer({}, { admission: { perSecond: 20, burst: 1 } })
  const clients = Array.from({ length: 6 }, () => at.client())
  await Promise.all(clients.map((client) => client.connect()))
  expect(at.live.stats).toMatchObject({ sentAway: 0 })
})

test('of connections that say no HELLO the oldest makes room for the next', async () => {
  const at = await sessionServer({ maxAwaitedHellos: 2 })
  const [first, second, third] = [await rawClient(at.url), await rawClient(at.url), await rawClient(at.url)]
  expect(await first.closed).toBe(4408)
  third.socket.send(helloText())
  await until(() => third.controls().some(({ kind }) => kind === 'welcome'))
  const fourth = await rawClient(at.url)
  second.socket.send(helloText())
  fourth.socket.send(helloText())
  await until(() => [second, fourth].every((raw) => raw.controls().some(({ kind }) => kind === 'welcome')))
})

test('of sessions whose clients left at once the oldest are forgotten, and those that were confirmed are not', async () => {
  const at = await sessionServer({ maxUnconfirmed: 3 })
  const { client, session } = await joined(at)
  await client.cut()
  for (let n = 0; n < 10; n += 1) {
    const raw = await rawClient(at.url)
    raw.socket.send(helloText())
    await until(() => raw.controls().some(({ kind }) => kind === 'welcome'))
    raw.socket.terminate()
    await until(() => at.server.connections.size === 0)
  }
  expect(at.live.stats?.states).toEqual({ unconfirmed: 3, attached: 0, detached: 1, closing: 0 })
  expect(at.live.overview().map(({ state }) => state)).toEqual([
    'detached',
    'unconfirmed',
    'unconfirmed',
    'unconfirmed',
  ])
  expect(at.live.overview()[0]).toEqual({
    id: session.id,
    principal: null,
    state: 'detached',
    connection: undefined,
  })
})

test('those that have said HELLO or are gone need no room', () => {
  const awaited = new OldestGoes<number>(2)
  expect([awaited.add(1), awaited.add(2), awaited.add(3)]).toEqual([undefined, undefined, 1])
  awaited.delete(2)
  expect(awaited.add(4)).toBeUndefined()
  expect(awaited.add(5)).toBe(3)
  expect(awaited.size).toBe(2)
})

test('more messages per second than allowed are closed with 4429, and nothing more of that client is read', async () => {
  let received = 0
  const { server, url } = await running({
    maxMessagesPerS: 100,
    handler: (connection) => connection.on('message', () => (received += 1)),
  })
  const ending = next(server, 'closed')
  const { socket, closed } = await dial(url)
  for (let n = 0; n < 10_000; n += 1) socket.send('x')
  expect(await closed).toMatchObject({ code: 4429 })
  expect(await ending).toMatchObject({ cause: 'flood' })
  expect(received).toBe(100)
})

test('more pings per second than allowed are closed with 4429', async () => {
  const { server, url } = await running({ maxControlFramesPerS: 100 })
  const ending = next(server, 'closed')
  const { socket, closed } = await dial(url)
  const flood = () => {
    if (socket.readyState !== socket.OPEN) return
    for (let n = 0; n < 20; n += 1) socket.ping()
    socket.once('pong', () => setImmediate(flood))
  }
  flood()
  expect(await closed).toMatchObject({ code: 4429 })
  expect(await ending).toMatchObject({ cause: 'flood' })
})

test('pings that come faster than they can be answered are closed with 4429', async () => {
  const { server, url } = await running()
  const ending = next(server, 'closed')
  const { socket, closed } = await dial(url)
  for (let n = 0; n < 200_000; n += 1) socket.ping()
  expect(await closed).toMatchObject({ code: 4429 })
  expect(await ending).toMatchObject({ cause: 'flood' })
})

test('a ping is answered with what it carries', async () => {
  const { url } = await running()
  const { socket } = await dial(url)
  const answered = new Promise((resolve) => socket.once('pong', (data) => resolve(data.toString())))
  socket.ping('are you there?')
  expect(await answered).toBe('are you there?')
})

test('control frames of a session count apart from its messages', async () => {
  const at = await sessionServer({}, { maxControlFramesPerS: 50 })
  const quiet = await rawClient(at.url)
  quiet.socket.send(helloText())
  for (let n = 0; n < 500; n += 1) quiet.data('message')
  await until(() => at.inbox(at.opened[0]).length === 500)
  const loud = await rawClient(at.url)
  const ending = next(at.server, 'closed')
  loud.socket.send(helloText())
  for (let n = 0; n < 500; n += 1) loud.socket.send('\u0010P0,0,1')
  expect(await loud.closed).toBe(4429)
  expect(await ending).toMatchObject({ cause: 'flood' })
})

test('a meter starts anew with each second, unless there was too much in one', async () => {
  const clock = new ManualClock()
  const meter = new FrameMeter({ maxMessagesPerS: 2, maxControlFramesPerS: 1 }, clock)
  const take = (...kinds: ('message' | 'control')[]) => kinds.map((kind) => meter.take(kind))
  expect(take('message', 'control', 'message')).toEqual([true, true, true])
  await clock.advance(1_000)
  expect(take('control', 'message', 'message')).toEqual([true, true, true])
  await clock.advance(999)
  expect(take('message')).toEqual([false])
  await clock.advance(60_000)
  expect(take('message', 'control')).toEqual([false, false])
})

test('above maxMemoryBytes upgrades get 503', async () => {
  const { server, url } = await running({ maxMemoryBytes: 1 })
  expect(await askUpgrade(url)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect(server.counters.refused.memory).toBe(1)
})

test('memory is looked at four times a second at most', async () => {
  const clock = new ManualClock()
  let looks = 0
  const isShort = watchMemory(100, clock, () => (looks += 1) * 60)
  expect([isShort(), isShort(), looks]).toEqual([false, false, 1])
  await clock.advance(250)
  expect([isShort(), looks]).toEqual([true, 2])
})

test('text is encoded once for all who get it', () => {
  const last = new LastText()
  const text = 'grüße'
  const bytes = last.encode(text)
  expect(bytes.toString()).toBe(text)
  expect(last.encode('grü'.concat('ße'))).toBe(bytes)
  expect(last.encode('other').toString()).toBe('other')
  expect(last.encode('')).toHaveLength(0)
})

test('empty and other messages arrive as they were sent', async () => {
  const { url } = await running()
  const { socket, received } = await dial(url)
  const sent = ['', 'a', 'a', '', 'grüße', '\u0010x']
  for (const text of sent) socket.send(text)
  socket.send(Buffer.from([1, 2]))
  while (received.length < 7) await once(socket, 'message')
  expect(received).toEqual([...sent, Buffer.from([1, 2])])
})

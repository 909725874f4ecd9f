import { ManualClock } from '@holdfast/lifetime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { settleSpread } from '../src/drain.ts'
import { leaveTimes } from '../src/sessions/leave-times.ts'
import { spreadSlice } from '../src/sessions/spread-slice.ts'
import { ask, askUpgrade, dial, make, next, running, until } from './running.ts'
import { inState, joined, sessionServer } from './sessions-running.ts'

const nothing = { timers: 0, listeners: 0, sockets: 0, closing: 0 }

test('drain: readiness goes red, newcomers get 503, clients leave at moments of their own, then it is done', async () => {
  const { server, url } = await running({ stopCode: 1012 })
  const clients = await Promise.all(Array.from({ length: 30 }, () => dial(url)))
  const endings: number[] = []
  server.on('closed', () => endings.push(Date.now()))
  const drained = server.drain({ spreadMs: 400 })
  expect(server.state).toMatchObject({ name: 'draining' })
  expect(await ask(new URL('/readyz', url).href)).toMatchObject({ status: 503, body: 'draining\n' })
  expect(await ask(new URL('/healthz', url).href)).toMatchObject({ status: 200 })
  expect(await askUpgrade(url)).toMatchObject({ status: 503 })
  await drained
  for (const { closed } of clients) expect(await closed).toMatchObject({ code: 1012 })
  expect(Math.max(...endings) - Math.min(...endings)).toBeGreaterThan(100)
  expect(server.counters.closed.stop).toBe(30)
  await server.stop()
  expect(server.resources).toEqual(nothing)
})

test('drain asks clients of sessions to go, and their sessions stay', async () => {
  const at = await sessionServer()
  const { client, session } = await joined(at)
  const drained = at.server.drain({ spreadMs: 1_000 })
  await until(() => client.all('goaway').length === 1)
  expect(client.all('goaway')).toMatchObject([{ afterMs: 0, spreadMs: 1_000, why: 'stopping' }])
  client.socket?.close(1000)
  await drained
  await inState(session, 'detached')
  expect(session.send('kept').status).toBe('queued')
  expect([...at.live]).toEqual([session])
})

test('drain gives each client of a session a part of the spread of its own', async () => {
  const at = await sessionServer()
  const all = []
  for (let n = 0; n < 4; n += 1) all.push(await joined(at))
  const [gone, ...here] = all
  await gone?.client.cut()
  await until(() => gone?.session.state.name === 'detached')
  void at.server.drain({ spreadMs: 3_599_999 })
  await until(() => here.every(({ client }) => client.all('goaway').length === 1))
  expect(here.flatMap(({ client }) => client.all('goaway'))).toMatchObject([
    { afterMs: 0, spreadMs: 1_199_999 },
    { afterMs: 1_199_999, spreadMs: 1_200_000 },
    { afterMs: 2_399_999, spreadMs: 1_200_000 },
  ])
})

test('whatever the spread and the count: the parts follow each other without a gap, and are as long as each other', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      fc.integer({ min: 0, max: 3_600_000 }),
      (count, spreadMs) => {
        let endMs = 0
        for (let index = 0; index < count; index += 1) {
          const slice = spreadSlice(index, count, spreadMs)
          expect(slice.afterMs).toBe(endMs)
          expect(Math.abs(slice.spreadMs - spreadMs / count)).toBeLessThan(1)
          endMs += slice.spreadMs
        }
        expect(endMs).toBe(spreadMs)
      },
    ),
    { numRuns: 30 },
  )
})

test('a second drain gives the same promise, and stop may come in between', async () => {
  const { server, url } = await running()
  const { closed } = await dial(url)
  const drained = server.drain({ spreadMs: 3_600_000 })
  expect(server.drain()).toBe(drained)
  await server.stop()
  await drained
  expect(await closed).toMatchObject({ code: 1001 })
  expect(server.resources).toEqual(nothing)
  await server.drain()
})

test('drain before start is refused, and so is a bad spread', async () => {
  const server = make()
  await expect(server.drain()).rejects.toMatchObject({ code: 'not-ready' })
  expect(() => server.drain({ spreadMs: -1 })).toThrow(
    'spreadMs: must be an integer from 0 to 3600000, received -1',
  )
})

test.each([
  [undefined, 10_000, 500, 25_000],
  [undefined, 10, 500, 5_000],
  [undefined, 1_000_000, 500, 300_000],
  [undefined, 10_000, Infinity, 5_000],
  [0, 10_000, 500, 0],
])(
  'a spread of %s for %i connections at %s a second is %i ms',
  (spreadMs, connections, perSecond, wanted) => {
    expect(settleSpread(spreadMs, connections, perSecond)).toBe(wanted)
  },
)

test.each([
  [{ deadlineMs: 5_000 }, { spreadMs: 2_000, sendAwayMs: 2_000, cutMs: 3_500 }],
  [{ deadlineMs: 2_500 }, { spreadMs: 1_500, sendAwayMs: 1_500, cutMs: 2_000 }],
  [{ deadlineMs: 300 }, { spreadMs: 0, sendAwayMs: 0, cutMs: 150 }],
  [{ deadlineMs: 0 }, { spreadMs: 0, sendAwayMs: 0, cutMs: 0 }],
  [{ deadlineMs: Infinity }, { spreadMs: 2_000, sendAwayMs: 2_000, cutMs: Infinity }],
  [{ spreadMs: 60_000 }, { spreadMs: 60_000, sendAwayMs: 65_000, cutMs: Infinity }],
])('within %j clients are asked to leave, sent away and cut within %j', (within, wanted) => {
  expect(leaveTimes(within, 2_000)).toEqual(wanted)
})

test('a connection ends after about maxConnectionMs, no two at the same time', async () => {
  const { server, url } = await running({ maxConnectionMs: 500 })
  const ages: number[] = []
  server.on('closed', ({ cause, durationMs }) => cause === 'max-lifetime' && ages.push(durationMs))
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial(url)))
  for (const { closed } of clients) expect(await closed).toEqual({ code: 1001, reason: 'max-lifetime' })
  await until(() => ages.length === 20)
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(399)
  expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(20)
  expect(server.counters.closed['max-lifetime']).toBe(20)
})

test('a client of a session is asked to come back instead, and the session goes on', async () => {
  const clock = new ManualClock()
  const at = await sessionServer({}, { maxConnectionMs: 300, clock })
  const { client, session } = await joined(at)
  await clock.advance(360)
  await until(() => client.all('goaway').length === 1)
  expect(client.all('goaway')).toMatchObject([{ afterMs: 0, spreadMs: 0, why: 'lifetime' }])
  await client.cut()
  await inState(session, 'detached')
  expect(await client.connect()).toMatchObject({ outcome: { name: 'resumed' } })
  await inState(session, 'attached')
})

test('one that is asked and stays is closed, and only detached', async () => {
  const clock = new ManualClock()
  const at = await sessionServer({}, { maxConnectionMs: 300, clock })
  const ending = next(at.server, 'closed')
  const { client, session } = await joined(at)
  await clock.advance(360)
  await until(() => client.all('goaway').length === 1)
  await clock.advance(5_000)
  expect(await ending).toMatchObject({ cause: 'max-lifetime' })
  await until(() => client.closes.length === 1)
  expect(client.closes).toEqual([1001])
  expect(session.state.name).toBe('detached')
})

import { SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { connect, type Session, type SessionOptions } from 'holdfast'
import { fakeServer, ManualClock } from 'holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sessionTracing } from '../src/client.ts'
import { recorder, registered } from './tracing-world.ts'

registered()

/** A traced session without a network. */
function world(tracer: Tracer, options: SessionOptions = {}) {
  const clock = new ManualClock()
  const dials: ('accept' | 'refuse' | 'hang')[] = []
  const server = fakeServer({ clock, onDial: () => dials.shift() ?? 'accept' })
  const tracing = sessionTracing({ tracer, attributes: { mine: 'yes' } })
  const session = connect('ws://server.test/?token=canary', {
    clock,
    createSocket: server.createSocket,
    random: () => 0.5,
    plugs: [tracing.plug],
    ...options,
  })
  return { clock, server, session, tracing, dials }
}

test('an attempt is a span with its phases, and the first exchange one within', async () => {
  const { tracer, told, named } = recorder()
  const { clock, session } = world(tracer, { onConnected: () => {} })
  await clock.advance(10)
  expect(session.state.name).toBe('open')
  expect(told()).toEqual(['holdfast.hello opened < holdfast.attempt', 'holdfast.attempt opened'])
  const [attempt] = named('holdfast.attempt')
  expect(attempt?.events.map(({ name }) => name)).toEqual(['admit', 'resolve', 'dial', 'hello'])
  expect(attempt?.attributes).toMatchObject({ 'holdfast.attempt': 1, mine: 'yes' })
  expect(attempt?.parentSpanContext).toBeUndefined()
  session.dispose()
})

test('after a lost connection the search for another is a span around its attempts', async () => {
  const { tracer, told, named } = recorder()
  const { clock, server, session, dials } = world(tracer)
  await clock.advance(10)
  dials.push('refuse')
  server.sockets.at(-1)?.cut()
  await clock.advance(30_000)
  expect(session.state.name).toBe('open')
  expect(told().slice(1)).toEqual([
    'holdfast.attempt unreachable < holdfast.resume',
    'holdfast.attempt opened-anew < holdfast.resume',
    'holdfast.resume opened-anew',
  ])
  const statuses = named('holdfast.attempt').map(({ status }) => status.code)
  expect(statuses).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR, SpanStatusCode.UNSET])
  session.dispose()
})

test('what a server says as its reason, and what is in the address, is on no span', async () => {
  const { tracer, spans } = recorder()
  const { clock, server, session, dials } = world(tracer, {
    credentials: 'canary',
    onConnected: () => Promise.reject(new Error('canary')),
  })
  await clock.advance(10)
  dials.push('refuse')
  server.sockets.at(-1)?.close(4401, 'canary')
  await clock.advance(30_000)
  session.send('canary')
  session.dispose()
  expect(spans().length).toBeGreaterThan(2)
  expect(
    JSON.stringify(spans().map(({ attributes, events, status, name }) => [attributes, events, status, name])),
  ).not.toContain('canary')
})

test('a session that exists already is watched from now on, and its end ends the watch', async () => {
  const { tracer, told, count } = recorder()
  const { clock, server, session } = world(recorder().tracer)
  await clock.advance(10)
  const tracing = sessionTracing({ tracer })
  const stop = tracing.watch(session)
  server.sockets.at(-1)?.cut()
  await clock.advance(10)
  expect(count).toEqual({ started: 1, ended: 0 })
  session.dispose()
  expect(told()).toEqual(['holdfast.resume disposed'])
  stop()
  tracing.watch(session)
  expect(count).toEqual({ started: 1, ended: 1 })
})

test('after dispose of the tracing the session goes on, and no span begins', async () => {
  const { tracer, count } = recorder()
  const { clock, server, session, tracing } = world(tracer)
  await clock.advance(10)
  server.sockets.at(-1)?.cut()
  await clock.advance(1)
  tracing.dispose()
  tracing.dispose()
  const { started } = count
  expect(count.ended).toBe(started)
  await clock.advance(60_000)
  session.reconnect()
  await clock.advance(60_000)
  expect(session.state.name).toBe('open')
  expect(count.started).toBe(started)
  expect(tracing.carrier()).toEqual({})
  session.dispose()
})

test('carrier gives the context of the attempt that is under way, for its headers', async () => {
  const { tracer, named } = recorder()
  const carried: Readonly<Record<string, string>>[] = []
  const { clock, session, tracing } = world(tracer, {
    headers: () => {
      carried.push(tracing.carrier())
      return tracing.carrier()
    },
  })
  await clock.advance(10)
  const [attempt] = named('holdfast.attempt')
  const { traceId, spanId } = attempt?.spanContext() ?? {}
  expect(carried).toEqual([{ traceparent: `00-${traceId}-${spanId}-01` }])
  expect(tracing.carrier()).toEqual({})
  session.dispose()
})

type Step = (world: ReturnType<typeof at>) => unknown
const at = (tracer: Tracer) => world(tracer)
const ends: Record<string, (session: Session) => unknown> = {
  dispose: (session) => session.dispose(),
  close: (session) => session.close(),
  'close with a drain': (session) => session.close({ drainMs: 1_000 }),
}
const steps: Record<string, Step> = {
  'a moment': ({ clock }) => clock.advance(3),
  'a minute': ({ clock }) => clock.advance(60_000),
  cut: ({ server }) => server.sockets.at(-1)?.cut(),
  freeze: ({ server }) => server.sockets.at(-1)?.freeze(),
  'close 1000': ({ server }) => server.sockets.at(-1)?.close(1000, ''),
  'close 4401': ({ server }) => server.sockets.at(-1)?.close(4401, ''),
  'refuse the next': ({ dials }) => dials.push('refuse'),
  'hang the next': ({ dials }) => dials.push('hang'),
  pause: ({ session }) => session.pause(),
  reconnect: ({ session }) => session.reconnect(),
  credentials: ({ session }) => session.setCredentials('new'),
  send: ({ session }) => session.send('x'),
}

test('no span is left open, whatever happened and in whatever state the session ends', async () => {
  const step = fc.constantFrom(...Object.keys(steps))
  const end = fc.constantFrom(...Object.keys(ends))
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), end, async (names, ending) => {
      const { tracer, count } = recorder()
      const here = at(tracer)
      for (const name of names) {
        await steps[name]?.(here)
        expect(count.started - count.ended).toBeLessThanOrEqual(3)
      }
      seen.add(here.session.state.name)
      ends[ending]?.(here.session)
      await here.clock.advance(10_000)
      expect(here.session.state.name).toBe('closed')
      expect(count.ended).toBe(count.started)
    }),
    { numRuns: 300 },
  )
  expect([...seen].sort()).toEqual(
    expect.arrayContaining(['closed', 'connecting', 'idle', 'open', 'waiting']),
  )
})

test('what is unknown or of the wrong type is refused', () => {
  expect(() => sessionTracing({ provider: 1 } as never)).toThrow(
    'tracing: provider is unknown; known are tracer, context',
  )
  expect(() => sessionTracing({ tracer: {} as never })).toThrow('tracing.tracer: must have startSpan')
  expect(() => sessionTracing(null as never)).toThrow('tracing: must be an object, received null')
})

import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { traceRequests } from '../src/client.ts'
import { traceHandler } from '../src/server.ts'
import { recorder, registered } from './tracing-world.ts'

registered()

const call = { signal: new AbortController().signal }

test('a request is a span until its answer, under the span that is active when it is made', async () => {
  const { tracer, told } = recorder()
  const ask = traceRequests(async (body: { city: string }, times: number) => body.city.repeat(times), {
    tracer,
  })
  const outer = tracer.startSpan('outer')
  const answer = await context.with(trace.setSpan(context.active(), outer), () => ask({ city: 'Rom' }, 2))
  outer.end()
  expect(answer).toBe('RomRom')
  expect(told()).toEqual(['holdfast.request answered < outer', 'outer undefined'])
})

test('an error ends the span with its code and whether the server may have the request, and not with its text', async () => {
  const { tracer, named } = recorder()
  const error = Object.assign(new Error('canary'), { code: 'timeout', sent: 'maybe' })
  const ask = traceRequests(() => Promise.reject(error), { tracer, method: () => 'weather' })
  await expect(ask({})).rejects.toBe(error)
  const [span] = named('holdfast.request')
  expect(span?.attributes).toEqual({
    'rpc.method': 'weather',
    'error.type': 'timeout',
    'holdfast.sent': 'maybe',
    'holdfast.outcome': 'timeout',
  })
  expect(span?.status).toMatchObject({ message: 'timeout' })
})

test('what is thrown at the call is thrown, and its span ended', () => {
  const { tracer, count } = recorder()
  const ask = traceRequests(
    () => {
      throw new TypeError('bad')
    },
    { tracer },
  )
  expect(() => ask({})).toThrow('bad')
  expect(count).toEqual({ started: 1, ended: 1 })
})

test('nothing is carried unless asked; with carry the handler is linked, or a child of it when told to trust', async () => {
  const { tracer, named } = recorder()
  const bodies: object[] = []
  const trusting = traceHandler(() => 'done', { tracer, from: (request) => request['trace'], as: 'parent' })
  const wary = traceHandler(() => 'done', { tracer, from: (request) => request['trace'] })
  const plain = traceRequests(async (body: object) => void bodies.push(body), { tracer })
  await plain({ a: 1 })
  expect(bodies).toEqual([{ a: 1 }])
  for (const handler of [trusting, wary]) {
    // The server is another process, where nothing is active.
    const there = async (body: object) =>
      context.with(ROOT_CONTEXT, handler, undefined, { id: 1, ...body }, call)
    await traceRequests(there, { tracer, carry: 'trace' })({})
  }
  const servers = named('holdfast.request').filter(({ kind }) => kind === SpanKind.SERVER)
  const [, ...clients] = named('holdfast.request').filter(({ kind }) => kind === SpanKind.CLIENT)
  expect(servers[0]?.parentSpanContext?.spanId).toBe(clients[0]?.spanContext().spanId)
  expect(servers[0]?.links).toEqual([])
  expect(servers[1]?.links[0]?.context.spanId).toBe(clients[1]?.spanContext().spanId)
  expect(servers[1]?.spanContext().traceId).not.toBe(clients[1]?.spanContext().traceId)
})

test('the function given as carry puts it where there is room, and a field of the own is kept', async () => {
  const { tracer } = recorder()
  const bodies: { params?: unknown; trace?: unknown }[] = []
  const send = async (body: { method: string; params: object }) => void bodies.push(body)
  await traceRequests(send, {
    tracer,
    carry: (body, carrier) => ({ ...body, params: { ...body.params, carrier } }),
  })({
    method: 'm',
    params: { a: 1 },
  })
  expect(bodies[0]?.params).toMatchObject({ a: 1, carrier: { traceparent: expect.any(String) } })
  await traceRequests(async (body: object) => void bodies.push(body), { tracer, carry: 'trace' })({
    trace: 'mine',
  })
  expect(bodies[1]?.trace).toBe('mine')
})

test.each([
  null,
  5,
  'text',
  [],
  { traceparent: 5 },
  { traceparent: 'rubbish' },
  { traceparent: `00-${'a'.repeat(100_000)}` },
  { traceparent: '00-00000000000000000000000000000000-0000000000000000-01' },
  JSON.parse('{"__proto__": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}'),
  Object.create({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
])('what a client sends as its context and is none changes nothing: %j', async (carried) => {
  const { tracer, named } = recorder()
  const handler = traceHandler(() => 1, { tracer, from: () => carried, as: 'parent' })
  expect(await handler({ id: 1 }, call)).toBe(1)
  const [span] = named('holdfast.request')
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.links).toEqual([])
})

test('the handler works within its span, and its failure is thrown on without its text on the span', async () => {
  const { tracer, named } = recorder()
  let active: unknown
  const handler = traceHandler(
    () => {
      active = trace.getActiveSpan()?.spanContext().spanId
      throw new RangeError('canary')
    },
    { tracer },
  )
  await expect(handler({ id: 1 }, call)).rejects.toThrow('canary')
  const [span] = named('holdfast.request')
  expect(active).toBe(span?.spanContext().spanId)
  expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain('canary')
  expect(span?.attributes).toMatchObject({ 'error.type': 'RangeError' })
})

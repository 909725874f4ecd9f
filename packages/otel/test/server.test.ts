import { createServer, type ServerOptions } from '@holdfast/server'
import { respond } from '@holdfast/server/respond'
import { type ServerSession, sessions } from '@holdfast/server/sessions'
import { connect, type SessionOptions } from 'holdfast'
import { requests } from 'holdfast/request'
import { resume } from 'holdfast/resume'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { sessionTracing, traceRequests } from '../src/client.ts'
import { serverTracing, type ServerTracingOptions, traceHandler } from '../src/server.ts'
import { recorder, registered } from './tracing-world.ts'

registered()

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A traced server with sessions, and what its spans were. */
async function running(options: Partial<ServerTracingOptions> = {}, more: Partial<ServerOptions> = {}) {
  const spans = recorder()
  const tracing = serverTracing({ tracer: spans.tracer, ...options })
  const answer = traceHandler(({ n }) => Number(n) * 2, { tracer: spans.tracer, from: ({ trace }) => trace })
  const opened: ServerSession[] = []
  const handler = (session: ServerSession) => {
    opened.push(session)
    tracing.session(session)
    respond(session, answer)
  }
  const live = sessions({ handler })
  const server = createServer({ sessions: live, ...more })
  tracing.watch(server)
  endings.push(() => server.stop({ deadlineMs: 0 }))
  const { url } = await server.start()
  return { url, server, live, tracing, opened, ...spans }
}

/** A traced client with a session on it. */
function client(url: string, options: SessionOptions = {}) {
  const spans = recorder()
  const tracing = sessionTracing({ tracer: spans.tracer })
  const native = (
    at: string,
    protocols: readonly string[],
    { headers }: { readonly headers?: object | undefined },
  ) => new WebSocket(at, [...protocols], { headers: { ...headers } })
  const session = connect(url, {
    resume: resume(),
    backoff: { baseMs: 10, capMs: 10 },
    headers: () => tracing.carrier(),
    plugs: [tracing.plug],
    createSocket: tracing.sockets(native),
    ...options,
  })
  endings.push(() => session.dispose())
  return { session, tracing, ...spans }
}

const until = (done: () => boolean) => vi.waitUntil(done, { timeout: 25_000, interval: 5 })

test('an attempt and its hello are told at both ends, and linked when the server looks for it', async () => {
  const here = await running({ from: ({ headers }) => headers })
  const there = client(here.url)
  await until(() => here.told().length === 2)
  expect(here.told()).toEqual(['holdfast.hello opened < holdfast.attempt', 'holdfast.attempt opened'])
  expect(there.told()).toEqual(['holdfast.hello opened < holdfast.attempt', 'holdfast.attempt opened'])
  const [attempt] = there.named('holdfast.attempt')
  expect(here.named('holdfast.attempt')[0]?.links[0]?.context.spanId).toBe(attempt?.spanContext().spanId)
})

test('a session that goes on is told at both ends', async () => {
  const here = await running()
  const there = client(here.url)
  await until(() => here.opened.length === 1)
  there.session.reconnect()
  await until(() => here.named('holdfast.resume').length === 1 && there.session.state.name === 'open')
  expect(there.named('holdfast.resume')[0]?.attributes).toMatchObject({ 'holdfast.outcome': 'resumed' })
  expect(here.told()).toContain('holdfast.resume resumed')
  expect(here.named('holdfast.attempt')[1]?.attributes).toMatchObject({ 'holdfast.outcome': 'resumed' })
  expect(here.named('holdfast.attempt')[1]?.links).toEqual([])
})

test('a request is told at both ends, and its context carried over the wire', async () => {
  const here = await running()
  const there = client(here.url)
  const api = requests(there.session)
  const ask = traceRequests((body: { n: number }) => api.request(body), {
    tracer: there.tracer,
    carry: 'trace',
  })
  expect(await ask({ n: 21 })).toMatchObject({ result: 42 })
  const [asked] = there.named('holdfast.request')
  const [answered] = here.named('holdfast.request')
  expect(answered?.links[0]?.context.traceId).toBe(asked?.spanContext().traceId)
})

test('an upgrade that is refused is a span without length, and a plain connection one until it is open', async () => {
  const here = await running({}, { verify: ({ path }) => path === '/in' })
  const refused = new WebSocket(`${here.url}out`)
  refused.on('error', () => {})
  await until(() => here.count.ended === 1)
  expect(here.told()).toEqual(['holdfast.attempt verify'])
  const plain = new WebSocket(`${here.url}in`)
  // It may be ended while it has not heard that it is open.
  plain.on('error', () => {})
  endings.push(() => plain.terminate())
  await until(() => here.count.ended === 2)
  expect(here.told()[1]).toBe('holdfast.attempt opened')
  expect(here.count.started).toBe(2)
})

test('a client that says no HELLO, and a session whose client does not come back, leave no span open when the server stops', async () => {
  const here = await running()
  const silent = new WebSocket(here.url, ['holdfast.v1'])
  silent.on('error', () => {})
  await until(() => here.count.started === 2)
  const there = client(here.url)
  await until(() => here.opened.length === 1)
  there.session.pause()
  await until(() => here.opened[0]?.state.name === 'detached')
  await here.server.stop({ deadlineMs: 0 })
  expect(here.count.ended).toBe(here.count.started)
  expect(here.told()).toContain('holdfast.resume ended')
})

test('after dispose nothing is told, and nothing is open', async () => {
  const here = await running()
  const there = client(here.url)
  await until(() => here.opened.length === 1)
  there.session.pause()
  await until(() => here.opened[0]?.state.name === 'detached')
  here.tracing.dispose()
  here.tracing.dispose()
  const { started } = here.count
  expect(here.count.ended).toBe(started)
  there.session.reconnect()
  await until(() => here.opened[0]?.state.name === 'attached')
  await here.server.stop({ deadlineMs: 0 })
  expect(here.count).toEqual({ started, ended: started })
})

test('a session that has ended is not watched', async () => {
  const here = await running()
  const there = client(here.url)
  await until(() => here.opened.length === 1)
  there.session.dispose()
  here.opened[0]?.dispose()
  await until(() => here.opened[0]?.state.name === 'ended')
  const { started } = here.count
  const [session] = here.opened
  if (session !== undefined) here.tracing.session(session)()
  expect(here.count.started).toBe(started)
})

test('what is unknown is refused', () => {
  expect(() => serverTracing({ trust: true } as never)).toThrow('tracing: trust is unknown; known are tracer')
  expect(() => traceHandler(() => 1, { carry: 'x' } as never)).toThrow('tracing: carry is unknown')
})

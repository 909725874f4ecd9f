import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { ask, askUpgrade, dial, make, next, running, tcp, upgradeText, until } from './running.ts'

const nothing = { timers: 0, listeners: 0, sockets: 0, closing: 0 }

test('stop closes every connection with 1001 and releases everything', async () => {
  const { server, url } = await running()
  server.on('connection', () => {})
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial(url)))
  await server.stop()
  for (const { closed } of clients) expect(await closed).toEqual({ code: 1001, reason: '' })
  expect(server.counters.closed.stop).toBe(20)
  expect(server.resources).toEqual(nothing)
  expect(server.state).toEqual({ name: 'stopped' })
})

test('stopCode 1012 tells clients of a restart', async () => {
  const { server, url } = await running({ stopCode: 1012 })
  const { closed } = await dial(url)
  await server.stop()
  expect(await closed).toMatchObject({ code: 1012 })
})

test('a second stop gives the same promise, also inside a state handler', async () => {
  const { server } = await running()
  const inner: Promise<void>[] = []
  server.on('state', () => inner.push(server.stop()))
  const outer = server.stop()
  expect(server.stop({ deadlineMs: 0 })).toBe(outer)
  await outer
  expect(server.stop()).toBe(outer)
  expect(inner.every((promise) => promise === outer)).toBe(true)
})

test('while it stops, upgrades get 503 with Retry-After', async () => {
  const { server, url } = await running({ retryAfterMs: 3_000 })
  const { socket } = await dial(url)
  socket.pause()
  const before = Date.now()
  const stopped = server.stop({ deadlineMs: 86_400_000 })
  expect(server.state.name === 'stopping' && server.state.deadlineAt).toBeGreaterThanOrEqual(
    before + 86_400_000,
  )
  expect(await askUpgrade(url)).toMatchObject({ status: 503, headers: { 'retry-after': '3' } })
  expect(server.counters.refused.stopping).toBe(1)
  socket.resume()
  await stopped
})

test('what is left at the deadline is cut', async () => {
  const { server, port } = await running()
  const { socket, ended } = await tcp(port)
  const opening = next(server, 'connection')
  socket.write(upgradeText())
  await opening
  await server.stop({ deadlineMs: 50 })
  await ended
  expect(server.counters.closed).toMatchObject({ stop: 0, 'stop-forced': 1 })
  expect(server.resources).toEqual(nothing)
})

test('a signal forces at once, before, during, and from a second call', async () => {
  for (const how of ['before', 'during', 'second'] as const) {
    const { server, port } = await running()
    const opening = next(server, 'connection')
    const { socket, ended } = await tcp(port)
    socket.write(upgradeText())
    await opening
    const force = new AbortController()
    if (how === 'before') force.abort()
    const stopped = server.stop({
      deadlineMs: Infinity,
      ...(how === 'second' ? {} : { signal: force.signal }),
    })
    if (how === 'second') void server.stop({ signal: force.signal })
    force.abort()
    await stopped
    await ended
    expect(server.counters.closed['stop-forced']).toBe(1)
  }
})

test('stop reads on from a connection that was paused, so that it can close cleanly', async () => {
  const { server, url } = await running({
    closeTimeoutMs: 60_000,
    handler: (connection) => connection.pause(),
  })
  const ending = next(server, 'closed')
  const { closed } = await dial(url)
  await server.stop({ deadlineMs: 60_000 })
  expect(await closed).toMatchObject({ code: 1001 })
  expect(await ending).toMatchObject({ cause: 'stop', code: 1001 })
  expect(server.counters.closed.stop).toBe(1)
})

test('a verify hook that is pending gets an abort, and its client 503', async () => {
  const aborted = vi.fn()
  const asked = vi.fn()
  const { server, url } = await running({
    verifyTimeoutMs: Infinity,
    verify: (_request, { signal }) => {
      asked()
      signal.addEventListener('abort', aborted)
      return new Promise(() => {})
    },
  })
  const answer = askUpgrade(url)
  await until(() => asked.mock.calls.length === 1)
  await server.stop({ deadlineMs: 60_000 })
  expect(await answer).toMatchObject({ status: 503 })
  expect(aborted).toHaveBeenCalledOnce()
  expect(server.counters.refused).toMatchObject({ stopping: 1, 'verify-failed': 0 })
})

test('half-sent requests and idle HTTP connections do not hold it up', async () => {
  const { server, port } = await running()
  const half = await tcp(port)
  half.socket.write('GET / HT')
  const idle = await tcp(port)
  idle.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(idle.socket, 'data')
  await server.stop({ deadlineMs: 60_000 })
  await Promise.all([half.ended, idle.ended])
})

test('after stop the port is free', async () => {
  const { server, port } = await running()
  await server.stop()
  const socket = connect(port, '127.0.0.1')
  const [error] = await once(socket, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  await make({ port }).start()
})

test('stop before start makes start fail with stopped', async () => {
  const server = make()
  await server.stop()
  expect(server.state.name).toBe('stopped')
  await expect(server.start()).rejects.toMatchObject({ code: 'stopped' })
})

test('stop right after start leaves nothing listening', async () => {
  const server = make({ host: 'localhost' })
  const started = server.start()
  await server.stop()
  await expect(started).rejects.toMatchObject({ code: 'stopped' })
  expect(server.resources).toEqual(nothing)
})

test('stop inside a handler works', async () => {
  const { server, url } = await running({ handler: () => server.stop() })
  const { closed } = await dial(url)
  expect(await closed).toMatchObject({ code: 1001 })
  await server.stop()
})

test('after stop nothing is registered any more', async () => {
  const { server } = await running()
  await server.stop()
  server.on('state', () => {})
  expect(server.resources).toEqual(nothing)
})

test.each([
  [-1, RangeError],
  ['5', TypeError],
])('stop refuses the deadline %j', (deadlineMs, kind) => {
  const server = make()
  const stop = () => server.stop({ deadlineMs: deadlineMs as number })
  expect(stop).toThrow(kind)
  expect(stop).toThrow(/deadlineMs: must be an integer from 0 to 86400000, or Infinity/)
})

test('await using stops', async () => {
  const { server, url } = await running()
  await server[Symbol.asyncDispose]()
  expect(server.state.name).toBe('stopped')
  await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

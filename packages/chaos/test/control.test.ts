import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { expect, test } from 'vitest'
import { type ChaosProxy, type LogEntry, noFaults, randomSchedule } from '../src/index.ts'
import { before, dial, event, Target } from './tcp.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: unknown
}

/** Starts a proxy with control; its target is of no matter. */
const withControl = (target: { port: number } = { port: 9 }) => before(target, { control: {}, seed: 5 })

async function call(chaos: ChaosProxy, method: string, path: string, body?: unknown): Promise<Answer> {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const init = text === undefined ? { method } : { method, body: text }
  const response = await fetch(`http://127.0.0.1:${chaos.controlPort}${path}`, init)
  const answer = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    json: answer === '' ? undefined : JSON.parse(answer),
  }
}

test('GET / tells ports, faults and connections', async () => {
  await using target = await Target.start()
  await using chaos = await withControl(target)
  await using client = await dial(chaos.port)
  await event(chaos, 'connected')
  expect((await call(chaos, 'GET', '/')).json).toMatchObject({
    target: { host: '127.0.0.1', port: target.port },
    host: '127.0.0.1',
    port: chaos.port,
    controlPort: chaos.controlPort,
    isListening: true,
    isScheduled: false,
    seed: 5,
    startedAt: chaos.startedAt,
    faults: noFaults,
    connectionCount: 1,
    connections: [{ id: 1, client: `127.0.0.1:${client.socket.localPort}`, state: 'live' }],
    lastEvent: chaos.log.at(-1)?.n,
  })
})

test('PATCH merges, PUT replaces, GET reads and POST /clear clears the faults', async () => {
  await using chaos = await withControl()
  await call(chaos, 'PATCH', '/faults', { latencyMs: 5 })
  const patched = await call(chaos, 'PATCH', '/faults', { jitterMs: { up: 2 } })
  expect(patched).toMatchObject({
    status: 200,
    json: { faults: { latencyMs: 5, jitterMs: { up: 2, down: 0 } } },
  })
  await call(chaos, 'PUT', '/faults', { stall: 'both' })
  expect(chaos.faults).toEqual({ ...noFaults, stall: 'both' })
  expect((await call(chaos, 'GET', '/faults')).json).toEqual(chaos.faults)
  expect((await call(chaos, 'POST', '/clear')).json).toMatchObject({ faults: noFaults })
  expect(chaos.faults).toEqual(noFaults)
})

test('PUT answers when the port has been closed', async () => {
  await using chaos = await withControl()
  expect((await call(chaos, 'PUT', '/faults', { accept: 'refuse' })).json).toMatchObject({
    isListening: false,
  })
  await using refused = await dial(chaos.port)
  expect(refused.events[0]).toBe('ECONNREFUSED')
  expect((await call(chaos, 'PUT', '/faults', {})).json).toMatchObject({ isListening: true })
})

test.each([
  ['cut', 'end'],
  ['reset', 'ECONNRESET'],
])('POST /%s ends the connections, seen as %s', async (action, seen) => {
  await using target = await Target.start()
  await using chaos = await withControl(target)
  await using client = await dial(chaos.port)
  await event(chaos, 'connected')
  expect(await call(chaos, 'POST', `/${action}`)).toMatchObject({ status: 200, json: { connections: 1 } })
  await client.saw(seen)
  expect(client.events[0]).toBe(seen)
})

test('GET /log gives the events, with ?after=n the newer ones', async () => {
  await using chaos = await withControl()
  chaos.cut()
  const { n = 0 } = chaos.log.at(-1) ?? {}
  chaos.reset()
  expect((await call(chaos, 'GET', '/log')).json).toEqual(chaos.log)
  expect((await call(chaos, 'GET', `/log?after=${n}`)).json).toEqual([
    { n: n + 1, atMs: expect.any(Number), event: 'reset', connections: 0 },
  ])
})

test('POST /schedule takes steps, or draws them from a seed', async () => {
  await using chaos = await withControl()
  const steps = [{ afterMs: 0, set: { latencyMs: 3 } }]
  expect(await call(chaos, 'POST', '/schedule', steps)).toMatchObject({ status: 200, json: { steps } })
  await event(chaos, 'schedule-ended')
  expect(chaos.faults.latencyMs).toBe(3)
  const drawn = await call(chaos, 'POST', '/schedule', { random: { durationMs: 60_000 } })
  expect(drawn.json).toEqual({ steps: randomSchedule({ seed: 5, durationMs: 60_000 }) })
  const other = await call(chaos, 'POST', '/schedule', { random: { durationMs: 60_000, seed: 6 } })
  expect(other.json).toEqual({ steps: randomSchedule({ seed: 6, durationMs: 60_000 }) })
  expect(chaos.isScheduled).toBe(true)
  await call(chaos, 'POST', '/schedule', [])
  expect(chaos.isScheduled).toBe(false)
})

/** Opens the stream of events; the lines of `data:` arrive one by one. */
async function openEvents(chaos: ChaosProxy, path = '/events', headers: Record<string, string> = {}) {
  const sent = request({ host: '127.0.0.1', port: chaos.controlPort, path, headers })
  sent.on('error', () => undefined)
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  const entries: LogEntry[] = []
  response.setEncoding('utf8').on('data', (text: string) => {
    for (const [, id, data = ''] of text.matchAll(/id: (\d+)\ndata: (.*)\n\n/g)) {
      const entry = JSON.parse(data) as LogEntry
      expect(entry.n).toBe(Number(id))
      entries.push(entry)
    }
  })
  return { response, entries, close: () => sent.destroy() }
}

test('GET /events sends each new event', async () => {
  await using chaos = await withControl()
  const stream = await openEvents(chaos)
  expect(stream.response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'access-control-allow-origin': '*',
  })
  chaos.cut()
  await chaos.set({ latencyMs: 1 })
  await expect.poll(() => stream.entries.map(({ event: name }) => name)).toEqual(['cut', 'faults'])
  stream.close()
})

test('GET /events starts where ?after or Last-Event-ID says', async () => {
  await using chaos = await withControl()
  chaos.cut()
  chaos.reset()
  const n = chaos.log.length
  const all = await openEvents(chaos, '/events?after=0')
  const missed = await openEvents(chaos, '/events?after=0', { 'last-event-id': String(n - 1) })
  await expect.poll(() => all.entries).toEqual(chaos.log)
  await expect.poll(() => missed.entries.map(({ event: name }) => name)).toEqual(['reset'])
  all.close()
  missed.close()
})

test('close ends a stream of events', async () => {
  await using chaos = await withControl()
  const stream = await openEvents(chaos)
  const closed = new Promise((resolve) => stream.response.once('close', resolve))
  await chaos.close()
  await closed
})

test.each<[string, string, unknown, string, string, string]>([
  ['PUT', '/faults', '{', 'body', 'JSON', "'{'"],
  ['PUT', '/faults', '', 'body', 'JSON', "''"],
  ['PUT', '/faults', [], 'faults', 'an object', '[]'],
  ['PATCH', '/faults', { stal: 1 }, 'faults.stal', 'left out, as only stall,', '1'],
  ['PATCH', '/faults', { latencyMs: -1 }, 'faults.latencyMs', 'an integer from 0 to 600000', '-1'],
  ['PATCH', '/faults', { stall: 'x' }, 'faults.stall', 'one of "up", "down", "both", false', "'x'"],
  ['POST', '/schedule', 3, 'body', 'an object', '3'],
  ['POST', '/schedule', { random: { durationMs: 'x' } }, 'durationMs', 'an integer from 0 to', "'x'"],
  ['POST', '/schedule', [{ afterMs: 1, action: 'x' }], 'schedule[0].action', 'one of "cut",', "'x'"],
  ['GET', '/log?after=x', undefined, 'after', 'an integer from 0 to', "'x'"],
  ['GET', '/log?after=', undefined, 'after', 'an integer from 0 to', "''"],
  ['GET', '/events?after=-1', undefined, 'after', 'an integer from 0 to', "'-1'"],
])(
  '%s %s with %j is 400 and names field, bound and value',
  async (method, path, body, field, bound, value) => {
    await using chaos = await withControl()
    const { status, json } = await call(chaos, method, path, body)
    expect({ status, json }).toMatchObject({
      status: 400,
      json: { error: { code: 'bad-value', field, bound: expect.stringContaining(bound), value } },
    })
    expect(chaos.faults).toEqual(noFaults)
  },
)

test('an unknown route is 404, also when it is a name every object has', async () => {
  await using chaos = await withControl()
  for (const path of ['/nothing', '/constructor', '//', '/faults/']) {
    expect(await call(chaos, 'GET', path)).toMatchObject({
      status: 404,
      json: { error: { code: 'not-found' } },
    })
  }
})

test('a wrong method is 405 and says which are right', async () => {
  await using chaos = await withControl()
  const answer = await call(chaos, 'DELETE', '/faults')
  expect(answer).toMatchObject({ status: 405, json: { error: { code: 'wrong-method' } } })
  expect(answer.headers.get('allow')).toBe('GET, PUT, PATCH, OPTIONS')
  expect((await call(chaos, 'POST', '/events')).status).toBe(405)
  expect((await call(chaos, 'GET', '/cut')).status).toBe(405)
})

test('a body over 1 MiB is 413', async () => {
  await using chaos = await withControl()
  const answer = await call(chaos, 'PUT', '/faults', ' '.repeat(1_048_577))
  expect(answer).toMatchObject({
    status: 413,
    json: { error: { message: 'body: must be at most 1048576 bytes, got 1048577' } },
  })
})

test('pages of any origin may call, after a preflight too', async () => {
  await using chaos = await withControl()
  const url = `http://127.0.0.1:${chaos.controlPort}/faults`
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin: 'http://page.example', 'access-control-request-private-network': 'true' },
  })
  expect(preflight.status).toBe(204)
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, PUT, PATCH, POST',
    'access-control-allow-headers': 'content-type, last-event-id',
    'access-control-allow-private-network': 'true',
  })
  const failed = await call(chaos, 'PUT', '/faults', '{')
  expect(failed.headers.get('access-control-allow-origin')).toBe('*')
})

async function statusForHost(chaos: ChaosProxy, host: string): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port: chaos.controlPort, headers: { host } })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

test('only loopback names are answered, so that DNS rebinding gains nothing', async () => {
  await using chaos = await withControl()
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:80', '127.9.9.9', '[::1]:80', '[::1]'])
    expect([host, await statusForHost(chaos, host)]).toEqual([host, 200])
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '10.0.0.1',
    '[::2]',
  ])
    expect([host, await statusForHost(chaos, host)]).toEqual([host, 403])
})

test('control: false opens no port', async () => {
  await using chaos = await before({ port: 9 })
  expect(chaos.controlPort).toBeUndefined()
})

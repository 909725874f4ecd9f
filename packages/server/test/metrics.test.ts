import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createServer } from '../src/index.ts'
import { serverMetrics } from '../src/metrics/index.ts'
import { families } from '../src/metrics/families.ts'
import { ask, dial, next, running, until } from './running.ts'
import { joined, sessionServer } from './sessions-running.ts'

/** The value of a line of Prometheus' text form. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

test('connections, refusals and closes are told by cause, with idle timeouts apart', async () => {
  const { server, url } = await running({ idleTimeoutMs: 50, pingIntervalMs: Infinity, maxConnections: 1 })
  const metrics = serverMetrics(server)
  const closed = next(server, 'closed')
  await dial(url)
  expect(valueIn(await metrics.registry.metrics(), 'holdfast_connections')).toBe(1)
  expect((await ask(url, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })).status).not.toBe(101)
  await closed
  const text = await metrics.registry.metrics()
  expect(valueIn(text, 'holdfast_connections')).toBe(0)
  expect(valueIn(text, 'holdfast_connections_opened_total')).toBe(1)
  expect(valueIn(text, 'holdfast_connections_closed_total{cause="idle"}')).toBe(1)
  expect(valueIn(text, 'holdfast_connections_closed_total{cause="dead-peer"}')).toBe(0)
  expect(valueIn(text, 'holdfast_upgrades_refused_total{reason="bad-request"}')).toBe(1)
  expect(valueIn(text, 'holdfast_ready')).toBe(1)
  expect(text).not.toContain('holdfast_sessions{')
})

test('sessions are told by state, with resumes, gaps and what is held for them', async () => {
  const at = await sessionServer()
  const metrics = serverMetrics(at.server)
  const { client, session } = await joined(at)
  await client.cut()
  await until(() => session.state.name === 'detached')
  session.send('twelve bytes')
  const away = await metrics.registry.metrics()
  expect(valueIn(away, 'holdfast_sessions{state="detached"}')).toBe(1)
  expect(valueIn(away, 'holdfast_buffered_bytes{where="sessions"}')).toBe(12)
  await client.connect()
  await until(() => session.state.name === 'attached')
  const back = await metrics.registry.metrics()
  expect(valueIn(back, 'holdfast_sessions{state="attached"}')).toBe(1)
  expect(valueIn(back, 'holdfast_sessions_resumed_total')).toBe(1)
  const numbers = at.server.sessionStats
  expect(numbers?.resumed).toBe(1)
})

test('answered pings make a histogram of round-trip times', async () => {
  const { server, url } = await running({ pingIntervalMs: 20 })
  const metrics = serverMetrics(server)
  await dial(url)
  await next(server, 'pong')
  await next(server, 'pong')
  const text = await metrics.registry.metrics()
  expect(valueIn(text, 'holdfast_rtt_seconds_count')).toBeGreaterThanOrEqual(2)
  expect(valueIn(text, 'holdfast_rtt_seconds_bucket{le="+Inf"}')).toBe(
    valueIn(text, 'holdfast_rtt_seconds_count'),
  )
  expect(valueIn(text, 'holdfast_rtt_seconds_sum')).toBeGreaterThan(0)
})

test('answered pings of sessions are in it as well', async () => {
  const at = await sessionServer({}, { pingIntervalMs: 1_000 })
  const metrics = serverMetrics(at.server)
  await joined(at)
  await next(at.server, 'pong')
  expect(valueIn(await metrics.registry.metrics(), 'holdfast_rtt_seconds_count')).toBe(1)
})

test('the number of series does not depend on what clients do', async () => {
  const { server, url } = await running()
  const metrics = serverMetrics(server)
  const seriesIn = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')))
  const before = seriesIn(await metrics.registry.metrics())
  for (let client = 0; client < 30; client += 1) {
    const { socket, closed } = await dial(`${url}path-${client}?token=canary-${client}`, {
      headers: { 'user-agent': `agent-${client}` },
    })
    socket.close(4000 + client, `reason-${client}`)
    await closed
    await ask(`${url}nowhere-${client}`)
  }
  const after = await metrics.registry.metrics()
  expect(seriesIn(after)).toEqual(before)
  expect(after).not.toMatch(/canary|path-|agent-|reason-/)
})

test('a label with more values than can be is cut off, and the rest counted as other', async () => {
  const gaps = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`made-up-${index}`, 1]))
  const { server } = await running()
  const { counters, connections, state } = server
  const states = { unconfirmed: 0, attached: 0, detached: 0, closing: 0 }
  const none = { opened: 0, resumed: 0, superseded: 0, sentAway: 0, heldBytes: 0, ended: {} }
  const alarms = { token: 0, principal: 0 }
  const handBacks = { uncertain: 0, undelivered: 0 }
  const sessionStats = { states, gaps, alarms, handBacks, ...none }
  const metrics = serverMetrics({ on: server.on.bind(server), counters, connections, state, sessionStats })
  const text = await metrics.registry.metrics()
  expect(text.match(/^holdfast_session_gaps_total\{/gm)).toHaveLength(65)
  expect(valueIn(text, 'holdfast_session_gaps_total{reason="other"}')).toBe(136)
})

test('the route answers /metrics, and nothing else', async () => {
  const server = createServer({ routes: [(...request) => metrics.route(...request)] })
  const metrics = serverMetrics(server)
  const { url } = await server.start()
  const answer = await ask(`${url}metrics`)
  expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
  expect(answer.headers['content-type']).toContain('text/plain')
  expect(answer.body).toContain('# TYPE holdfast_connections gauge')
  expect(await ask(`${url}metrics`, { method: 'POST' })).toMatchObject({ status: 405 })
  expect(await ask(`${url}metricsx`)).toMatchObject({ status: 426 })
  await server.stop()
})

test('a metric of the application that cannot be read is 500, and harms nothing', async () => {
  const registry = new Registry()
  const server = createServer({ routes: [(...request) => metrics.route(...request)] })
  const metrics = serverMetrics(server, { registry, prefix: 'mine_' })
  const { url } = await server.start()
  registry.metrics = () => Promise.reject(new Error('no'))
  expect(await ask(`${url}metrics`)).toMatchObject({ status: 500 })
  expect(await ask(`${url}healthz`)).toMatchObject({ status: 200 })
  await server.stop()
})

test('after dispose the registry has nothing of it, and another server may use the names', async () => {
  const registry = new Registry()
  const { server } = await running()
  const metrics = serverMetrics(server, { registry })
  expect(() => serverMetrics(server, { registry })).toThrow('already been registered')
  metrics.dispose()
  metrics.dispose()
  expect(await registry.metrics()).toBe('\n')
  serverMetrics(server, { registry }).dispose()
})

test('every metric has a name and a help that Prometheus takes', () => {
  for (const { name, help, kind } of families) {
    expect(name).toMatch(/^[a-z][a-z_]*$/)
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(help).toMatch(/\.$/)
  }
})

test('bad options are refused', async () => {
  const { server } = await running()
  expect(() => serverMetrics(server, { prefix: '' })).toThrow(
    'metrics.prefix: must have at least 1 character',
  )
  expect(() => serverMetrics(server, { registry: {} as never })).toThrow('metrics.registry.metrics: must be')
  expect(() => serverMetrics(server, { labels: {} } as never)).toThrow('labels is unknown')
})

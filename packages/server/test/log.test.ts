import * as fc from 'fast-check'
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { type LogEntry, printable } from '../src/index.ts'
import { askUpgrade, dial, next, running } from './running.ts'

test('the log tells opening, refusing, closing, starting and stopping', async () => {
  const log: LogEntry[] = []
  const { server, url, port } = await running({ logger: (entry) => log.push(entry) })
  const ending = next(server, 'closed')
  const { socket } = await dial(`${url}room`, { origin: `http://127.0.0.1:${port}` })
  socket.close(4_000, 'bye')
  await ending
  await askUpgrade(url, { Origin: 'https://evil.example' })
  await server.stop()
  const remoteAddress = '127.0.0.1'
  expect(log.map(({ level, event, fields }) => [level, event, fields])).toEqual([
    ['info', 'ready', { host: '127.0.0.1', port }],
    [
      'info',
      'connection-opened',
      { id: 'c1', path: '/room', origin: `http://127.0.0.1:${port}`, remoteAddress },
    ],
    [
      'info',
      'connection-closed',
      { id: 'c1', cause: 'peer', code: 4_000, reason: 'bye', durationMs: expect.any(Number) },
    ],
    [
      'info',
      'upgrade-refused',
      { reason: 'origin', status: 403, path: '/', origin: 'https://evil.example', remoteAddress },
    ],
    ['info', 'stopping', { connections: 0 }],
    ['info', 'stopped', {}],
  ])
  expect(log[0]?.at).toBeGreaterThan(1_600_000_000_000)
})

test('query, cookies, authorization and subprotocols never reach the log', async () => {
  const log: LogEntry[] = []
  const { server, url } = await running({
    logger: (entry) => log.push(entry),
    allowMisbehaviour: true,
    protocols: ['known', 'canary-chosen'],
    verify: ({ url: target }) => !target.includes('refuse-me'),
  })
  const headers = { Authorization: 'Bearer canary', Cookie: 'session=canary', 'X-Token': 'canary' }
  const protocol = (name: string) => ({ ...headers, 'Sec-WebSocket-Protocol': name })
  await dial(`${url}?greet=canary`, { headers }, ['canary-chosen'])
  await askUpgrade(`${url}?token=canary`, headers)
  await askUpgrade(`${url}?greet=canary-refuse-me`, headers)
  await askUpgrade(url, protocol('canary'))
  await askUpgrade(url, protocol('canary canary'))
  await askUpgrade(`${url}?canary`, { ...headers, Upgrade: 'canary' })
  await askUpgrade(`${url}?canary`, { ...headers, Origin: 'https://evil.example' })
  await server.stop()
  expect(log.length).toBeGreaterThan(8)
  expect(JSON.stringify(log)).not.toContain('canary')
})

test('a close reason cannot forge a line of the log', async () => {
  const log: LogEntry[] = []
  const { server, url } = await running({ logger: (entry) => log.push(entry) })
  const ending = next(server, 'closed')
  const { socket } = await dial(url)
  socket.close(4_000, 'bye\r\n\u001b[31mready\u202e')
  await ending
  expect(log.at(-1)?.fields.reason).toBe('bye\\u{d}\\u{a}\\u{1b}[31mready\\u{202e}')
})

test('printable leaves no control, bidi or line separating character, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const safe = printable(text)
      expect(safe).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]/u)
      expect(safe.length).toBeLessThanOrEqual(201 * 8)
    }),
  )
})

test('printable leaves ordinary text alone', () => {
  expect(printable('Grüße, 世界 😀')).toBe('Grüße, 世界 😀')
})

test('a logger that throws or rejects becomes a warning and harms nothing', async () => {
  for (const logger of [
    () => {
      throw new Error('logger')
    },
    async () => Promise.reject(new Error('logger')),
  ]) {
    const warning = once(process, 'warning')
    const { url } = await running({ logger })
    await dial(url)
    expect((await warning)[0]).toMatchObject({ message: 'logger' })
  }
})

test('an error of user code goes to the logger when nobody listens for it', async () => {
  const log: LogEntry[] = []
  const { url } = await running({
    logger: (entry) => log.push(entry),
    handler: () => {
      throw new Error('broken\n')
    },
  })
  const { closed } = await dial(url)
  await closed
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 'error',
      event: 'user-code-failed',
      fields: { message: 'broken\\u{a}' },
    }),
  )
})

test('by default nothing is printed', async () => {
  const out = vi.spyOn(process.stdout, 'write')
  const err = vi.spyOn(process.stderr, 'write')
  const { server, url } = await running()
  const { socket } = await dial(url)
  socket.close()
  await server.stop()
  expect(out).not.toHaveBeenCalled()
  expect(err).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})

import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { pinoLogger } from '../src/pino/index.ts'
import { ask, dial, next, running } from './running.ts'

test('routes are asked in order, after health, and 426 is for what nobody takes', async () => {
  const asked: string[] = []
  const { url } = await running({
    routes: [
      ({ url: path = '' }) => (asked.push(`first ${path}`), false),
      ({ url: path = '' }, response) => {
        asked.push(`second ${path}`)
        if (path !== '/mine') return false
        response.end('mine')
        return true
      },
    ],
  })
  expect(await ask(`${url}mine`)).toMatchObject({ status: 200, body: 'mine' })
  expect(await ask(`${url}other`)).toMatchObject({ status: 426 })
  expect(await ask(`${url}healthz`)).toMatchObject({ status: 200 })
  expect(asked).toEqual(['first /mine', 'second /mine', 'first /other', 'second /other'])
})

test('a route that throws answers 500, is reported, and harms nothing', async () => {
  const errors: unknown[] = []
  const { server, url } = await running({
    routes: [
      () => {
        throw new Error('my bug')
      },
    ],
  })
  server.on('error', ({ error }) => errors.push(error))
  expect(await ask(`${url}mine`)).toMatchObject({ status: 500, body: 'failed\n' })
  expect(errors).toEqual([new Error('my bug')])
  await dial(url)
})

test('pino gets each entry at its level, with its fields, and nothing secret', async () => {
  const lines: string[] = []
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString())
      done()
    },
  })
  const { server, url } = await running({ logger: pinoLogger(pino({ level: 'info' }, stream)) })
  const { socket } = await dial(`${url}chat?token=canary`, { headers: { cookie: 'canary' } }, ['canary'])
  const closed = next(server, 'closed')
  socket.close(1000, 'bye\r\n{"forged":true}')
  await closed
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(entries.map(({ event }) => event)).toEqual(['ready', 'connection-opened', 'connection-closed'])
  expect(entries[1]).toMatchObject({ level: 30, msg: 'connection-opened', path: '/chat', id: 'c1' })
  expect(entries[2]).toMatchObject({ cause: 'peer', code: 1000 })
  expect(lines.join('')).not.toContain('canary')
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
})

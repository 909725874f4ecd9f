import { expect, test } from 'vitest'
import { createServer } from '../src/index.ts'
import { sessions } from '../src/sessions/index.ts'
import { askUpgrade, running } from './running.ts'

test.each([
  [{ handler: 7 }, 'handler: must be a function, received 7'],
  [{ authenticate: 'yes' }, "authenticate: must be a function, received 'yes'"],
  [{ authenticateTimeoutMs: 0 }, 'authenticateTimeoutMs: must be an integer from 1 to 3600000, received 0'],
  [
    { authenticateTimeoutMs: 20_000 },
    'authenticateTimeoutMs: must be at most helloTimeoutMs, 10000, received 20000',
  ],
  [{ helloTimeoutMs: 1.5 }, 'helloTimeoutMs: must be an integer from 1 to 3600000, received 1.5'],
  [{ ack: 'never' }, 'ack: must be one of received, handled, received'],
  [{ stallMs: -1 }, 'stallMs: must be an integer from 1 to 3600000, or Infinity, received -1'],
  [{ maxUnread: 0 }, 'maxUnread: must be an integer from 1'],
  [{ ttlMs: 604_800_001 }, 'ttlMs: must be an integer from 0 to 604800000, received 604800001'],
  [{ maxSessions: Infinity }, 'maxSessions: must be an integer from 1 to 10000000, received Infinity'],
  [{ maxPerPrincipal: 0 }, 'maxPerPrincipal: must be an integer from 1'],
  [{ store: {} }, 'store: must have attach and write, or attach and keep, received an object'],
  [
    { store: { attach: () => {}, write: () => {} }, maxSessions: 7 },
    'maxSessions: must be absent together with store, received 7',
  ],
  [{ windowMessages: 0 }, 'windowMessages: must be an integer from 1'],
  [{ windowBytes: 'big' }, 'windowBytes: must be an integer from 1'],
  [{ maxHeldMessages: 0 }, 'maxHeldMessages: must be an integer from 1'],
  [{ maxHeldBytes: 0 }, 'maxHeldBytes: must be an integer from 1'],
  [{ maxTotalHeldBytes: 0 }, 'maxTotalHeldBytes: must be an integer from 1'],
  [{ overflow: 'drop' }, 'overflow: must be one of reject, end, received'],
  [{ proto: 'chat' }, "proto: must be an array, received 'chat'"],
  [{ proto: [''] }, 'proto[0]: must be a string of 1 to 64 characters'],
  [{ proto: Array.from({ length: 17 }, () => 'x') }, 'proto: must have at most 16 names, received 17'],
  [{ spreadMs: -1 }, 'spreadMs: must be an integer from 0'],
  [{ leaveSpreadMs: -1 }, 'leaveSpreadMs: must be an integer from 0'],
  [{ byeTimeoutMs: 0 }, 'byeTimeoutMs: must be an integer from 1'],
  [{ ttl: 7 }, 'options: ttl is unknown; known are handler'],
  [7, 'options: must be an object, received 7'],
])('sessions(%j) says what is wrong', (options, message) => {
  expect(() => sessions(options as never)).toThrow(message)
})

test.each([
  [{ windowBytes: 1_000 }, {}, 'windowBytes: must be at least maxPayloadBytes, 1048576, received 1000'],
  [
    { maxHeldBytes: 20_000_000 },
    {},
    'maxHeldBytes: must be at most maxBufferedBytes, 16777216, received 20000000',
  ],
  [{}, { pingIntervalMs: 999 }, 'pingIntervalMs: must be an integer from 1000 to 3600000, received 999'],
  [{}, { idleTimeoutMs: 999 }, 'idleTimeoutMs: must be an integer from 1000 to 3600000, received 999'],
])('options that do not fit the server fail when it is made: %j %j', (own, server, message) => {
  expect(() => createServer({ ...server, sessions: sessions(own) })).toThrow(message)
})

test('only sessions can be given as sessions', () => {
  expect(() => createServer({ sessions: {} as never })).toThrow('sessions: must come from sessions()')
})

test('a server without sessions does not agree to their subprotocol', async () => {
  const { url } = await running()
  expect(await askUpgrade(url, { 'Sec-WebSocket-Protocol': 'holdfast.v1' })).toMatchObject({ status: 400 })
  const { headers } = await askUpgrade(url, { 'Sec-WebSocket-Protocol': 'holdfast.v1, chat' })
  expect(headers['sec-websocket-protocol']).toBe('chat')
})

test('a server with sessions agrees to it, whatever else is spoken', async () => {
  const { url } = await running({ protocols: ['chat'], sessions: sessions() })
  const { headers } = await askUpgrade(url, { 'Sec-WebSocket-Protocol': 'chat, holdfast.v1' })
  expect(headers['sec-websocket-protocol']).toBe('holdfast.v1')
})

test('sessions that no server has got yet are none', () => {
  const live = sessions()
  expect([...live]).toEqual([])
  expect(live.stats).toBeUndefined()
  expect(live.endSessions('ada')).toBe(0)
})

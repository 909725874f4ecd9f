import { createServer as createHttpServer } from 'node:http'
import { expect, test } from 'vitest'
import { createServer, defaults } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'

const ms = 'an integer from 1 to 86400000'
const msOrInfinity = `${ms}, or Infinity`
const bytes = 'an integer from 1 to 1073741824'
const count = 'an integer from 1 to 1000000, or Infinity'

test.each([
  ['host', 5, TypeError, 'host: must be a string, received 5'],
  ['host', '', RangeError, "host: must have at least 1 character, received ''"],
  ['port', 65_536, RangeError, 'port: must be an integer from 0 to 65535, received 65536'],
  ['port', '80', TypeError, "port: must be an integer from 0 to 65535, received '80'"],
  ['tls', { cert: 'x' }, TypeError, 'tls.key: must be PEM text or bytes, received undefined'],
  ['tls', null, TypeError, 'tls.cert: must be PEM text or bytes, received undefined'],
  ['server', {}, TypeError, 'server: must be an http.Server or https.Server, received an object'],
  ['path', 'live', RangeError, "path: must start with / and have no ?, # or space, received 'live'"],
  ['path', '/a?b', RangeError, "path: must start with / and have no ?, # or space, received '/a?b'"],
  ['path', 1, TypeError, 'path: must be a string, received 1'],
  [
    'origins',
    'https://a.example',
    TypeError,
    "origins: must be 'any' or an array of origins, received 'https://a.example'",
  ],
  ['allowAbsentOrigin', 1, TypeError, 'allowAbsentOrigin: must be true or false, received 1'],
  ['protocols', 'chat', TypeError, "protocols: must be an array of names or a function, received 'chat'"],
  ['protocols', ['a b'], RangeError, "protocols[0]: must be a token of HTTP, received 'a b'"],
  ['verify', true, TypeError, 'verify: must be a function, received true'],
  ['verifyTimeoutMs', 0, RangeError, `verifyTimeoutMs: must be ${msOrInfinity}, received 0`],
  ['handler', {}, TypeError, 'handler: must be a function, received an object'],
  ['maxPayloadBytes', Infinity, RangeError, `maxPayloadBytes: must be ${bytes}, received Infinity`],
  ['maxConnections', 0, RangeError, `maxConnections: must be ${count}, received 0`],
  ['maxConnectionsPerAddress', -1, RangeError, `maxConnectionsPerAddress: must be ${count}, received -1`],
  ['highWaterMarkBytes', 0.5, RangeError, `highWaterMarkBytes: must be ${bytes}, received 0.5`],
  ['maxBufferedBytes', NaN, RangeError, `maxBufferedBytes: must be ${bytes}, received NaN`],
  [
    'maxBufferedBytes',
    1_000,
    RangeError,
    'maxBufferedBytes: must be at least highWaterMarkBytes, 1048576, received 1000',
  ],
  ['perMessageDeflate', 1, TypeError, 'perMessageDeflate: must be true or false, received 1'],
  [
    'perMessageDeflate',
    { thresholdBytes: -1 },
    RangeError,
    'perMessageDeflate.thresholdBytes: must be an integer from 0 to 1073741824, received -1',
  ],
  [
    'perMessageDeflate',
    { level: 9 },
    TypeError,
    'perMessageDeflate: level is unknown; known are thresholdBytes',
  ],
  ['routes', [1], TypeError, 'routes: must be an array of functions, received an array'],
  ['handshakeTimeoutMs', Infinity, RangeError, `handshakeTimeoutMs: must be ${ms}, received Infinity`],
  ['idleTimeoutMs', 0, RangeError, `idleTimeoutMs: must be ${msOrInfinity}, received 0`],
  ['pingIntervalMs', null, TypeError, `pingIntervalMs: must be ${msOrInfinity}, received null`],
  ['pongTimeoutMs', 86_400_001, RangeError, `pongTimeoutMs: must be ${ms}, received 86400001`],
  ['closeTimeoutMs', '5', TypeError, `closeTimeoutMs: must be ${ms}, received '5'`],
  ['retryAfterMs', -5, RangeError, `retryAfterMs: must be ${ms}, received -5`],
  ['stopCode', 1000, RangeError, 'stopCode: must be one of 1001, 1012, received 1000'],
  ['allowMisbehaviour', 'yes', TypeError, "allowMisbehaviour: must be true or false, received 'yes'"],
  ['exposeStats', 0, TypeError, 'exposeStats: must be true or false, received 0'],
  ['logger', console, TypeError, 'logger: must be a function, received an object'],
  ['clock', {}, TypeError, 'clock: must be a Clock, received an object'],
  ['maxPayload', 5, TypeError, /^options: maxPayload is unknown; known are host, port, /],
])('option %s refuses %j', (name, value, kind, message) => {
  const make = () => createServer({ [name]: value })
  expect(make).toThrow(kind)
  expect(make).toThrow(message)
})

test.each([
  'null',
  'https://a.example/',
  'https://A.example',
  'a.example',
  'https://a.example:443',
  '*',
  'about:blank',
  5,
])('origins refuses the entry %j, which no browser would send', (entry) => {
  expect(() => createServer({ origins: ['https://ok.example', entry as string] })).toThrow(
    /^origins\[1\]: must be an origin/,
  )
})

test('a TLS key never appears in an error', () => {
  const tls = { cert: '', key: 'canary' }
  expect(() => createServer({ tls })).toThrow('tls.cert: must be PEM text or bytes, received nothing')
  expect(() => createServer({ tls: { cert: 'ok', key: 55 as never } })).toThrow(
    'received a value of type number',
  )
})

test('server needs a path and excludes host, port and tls', () => {
  const server = createHttpServer()
  expect(() => createServer({ server })).toThrow(
    'path: must be given together with server, received undefined',
  )
  expect(() => createServer({ server, path: '/', port: 0 })).toThrow(
    'port: must be absent together with server, received 0',
  )
  expect(() => createServer({ server, path: '/', routes: [] })).toThrow(
    'routes: must be absent together with server, received ',
  )
})

test('options that are no object are refused', () => {
  expect(() => createServer(null as never)).toThrow('options: must be an object, received null')
})

test('an option that is undefined keeps its default', () => {
  expect(resolveOptions({ port: undefined } as never)).toEqual(defaults)
})

test('permessage-deflate and misbehaviour are off by default', () => {
  expect(defaults).toMatchObject({ perMessageDeflate: false, allowMisbehaviour: false, exposeStats: false })
})

test('stats are exposed with misbehaviour unless told otherwise', () => {
  expect(resolveOptions({ allowMisbehaviour: true }).exposeStats).toBe(true)
  expect(resolveOptions({ allowMisbehaviour: true, exposeStats: false }).exposeStats).toBe(false)
})

import { describe, expect, test } from 'vitest'
import { isOriginAllowed } from '../src/index.ts'
import { askUpgrade, next, running } from './running.ts'

describe('an origin that equals the own one or a listed one is allowed', () => {
  test.each([
    ['http://app.example', 'app.example', false],
    ['http://app.example', 'APP.example:80', false],
    ['https://app.example', 'app.example:443', true],
    ['http://app.example:8080', 'app.example:8080', false],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', false],
    ['http://[::1]:8080', '[::1]:8080', false],
    ['http://xn--bcher-kva.example', 'xn--bcher-kva.example', false],
    ['https://listed.example', 'app.example', false],
    ['https://listed.example:8443', 'app.example', false],
  ])('%s at host %s, TLS %s', (origin, host, secure) => {
    const origins = ['https://listed.example', 'https://listed.example:8443']
    expect(isOriginAllowed({ origin, host, secure }, origins, false)).toBe(true)
  })
})

describe('any other origin is refused', () => {
  test.each([
    ['null'],
    [''],
    ['*'],
    ['https://listed.example.evil.example'],
    ['https://evil-listed.example'],
    ['https://listed.exampl'],
    ['https://sub.listed.example'],
    ['https://listed.example.'],
    ['https://listed.example/'],
    ['https://listed.example:443'],
    ['https://listed.example:8443'],
    ['https://LISTED.example'],
    ['HTTPS://listed.example'],
    ['http://listed.example'],
    ['https://listed.example@evil.example'],
    ['https://evil.example#listed.example'],
    ['https://listed.example, https://evil.example'],
    [' https://listed.example'],
    ['https://lısted.example'],
    ['https://bücher.example'],
    ['https://app.example'],
    ['http://app.example:80'],
    ['http://app.example.'],
    ['http://app.example:8080'],
    ['http://app.examplee'],
    ['app.example'],
  ])('%j', (origin) => {
    const origins = ['https://listed.example', 'https://xn--bcher-kva.example']
    expect(isOriginAllowed({ origin, host: 'app.example', secure: false }, origins, true)).toBe(false)
  })
})

test.each(['evil.example/@app.example', 'app.example?', 'user@app.example', 'app.example#', '', undefined])(
  'the host %j makes no origin the own one',
  (host) => {
    for (const origin of ['http://app.example', 'http://evil.example', 'http://']) {
      expect(isOriginAllowed({ origin, host, secure: false }, [], true)).toBe(false)
    }
  },
)

test('any lets every origin in, and only when spelled out', () => {
  const facts = { origin: 'null', host: 'app.example', secure: false }
  expect(isOriginAllowed(facts, 'any', false)).toBe(true)
  expect(isOriginAllowed(facts, [], false)).toBe(false)
})

test('an absent origin is allowed unless refused by option, even with any', () => {
  const facts = { origin: undefined, host: 'app.example', secure: false }
  expect(isOriginAllowed(facts, [], true)).toBe(true)
  expect(isOriginAllowed(facts, 'any', false)).toBe(false)
})

test('a page of another origin gets 403 and is counted', async () => {
  const { server, url, port } = await running({ origins: ['https://listed.example'] })
  const refusing = next(server, 'refused')
  expect(await askUpgrade(url, { Origin: 'https://evil.example' })).toMatchObject({ status: 403 })
  expect(await refusing).toMatchObject({
    reason: 'origin',
    status: 403,
    origin: 'https://evil.example',
    path: '/',
  })
  expect(await askUpgrade(url, { Origin: 'https://listed.example' })).toMatchObject({ status: 101 })
  expect(await askUpgrade(url, { Origin: `http://127.0.0.1:${port}` })).toMatchObject({ status: 101 })
  expect(await askUpgrade(url)).toMatchObject({ status: 101 })
  expect(server.counters).toMatchObject({ opened: 3, refused: { origin: 1 } })
})

test('a client without an origin gets 403 where that is refused', async () => {
  const { url } = await running({ allowAbsentOrigin: false })
  expect(await askUpgrade(url)).toMatchObject({ status: 403 })
})

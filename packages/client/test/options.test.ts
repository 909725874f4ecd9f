import { describe, expect, it } from 'vitest'
import { adaptive } from '../src/adaptive.ts'
import { connect, defaults, type SessionOptions } from '../src/index.ts'
import { openedWorld, openWorld, type WorldOptions } from './world.ts'

/** What must not be taken, and what the error must say: its kind, the option, the bound and the value. */
interface Bad {
  readonly options: unknown
  readonly kind: typeof TypeError | typeof RangeError
  readonly says: readonly string[]
}

const bad: Record<string, Bad> = {}

const inGroup = (group: string | undefined, key: string, value: unknown): unknown =>
  group === undefined ? { [key]: value } : { [group]: { [key]: value } }

/** A number: no text, not NaN, not below its lowest value. */
function number(group: string | undefined, key: string, lowest: number): void {
  const name = group === undefined ? key : `${group}.${key}`
  bad[`${name} as text`] = {
    options: inGroup(group, key, '5000'),
    kind: TypeError,
    says: [name, 'number', '"5000"'],
  }
  bad[`${name} null`] = { options: inGroup(group, key, null), kind: TypeError, says: [name, 'null'] }
  for (const value of [Number.NaN, lowest - 1, Number.NEGATIVE_INFINITY]) {
    bad[`${name} ${value}`] = {
      options: inGroup(group, key, value),
      kind: RangeError,
      says: [name, String(lowest), String(value)],
    }
  }
}

for (const key of ['resolveTimeoutMs', 'dialTimeoutMs', 'helloTimeoutMs']) number('connect', key, 1)
for (const key of ['baseMs', 'maxAttempts']) number('backoff', key, 1)
number('backoff', 'stableAfterMs', 0)
for (const key of ['intervalMs', 'timeoutMs', 'probeMs', 'expectTrafficMs']) number('heartbeat', key, 1)
for (const key of ['maxMessageBytes', 'ttlMs', 'highWaterBytes']) number('queue', key, 1)
for (const key of ['maxMessages', 'maxBytes', 'lowWaterBytes']) number('queue', key, 0)
number(undefined, 'maxUnread', 1)
number(undefined, 'closeTimeoutMs', 0)
number('whenHidden', 'closeAfterMs', 0)

Object.assign(bad, {
  'a cap below the base': {
    options: { backoff: { baseMs: 500, capMs: 499 } },
    kind: RangeError,
    says: ['backoff.capMs', '500', '499'],
  },
  'low water above high water': {
    options: { queue: { highWaterBytes: 100, lowWaterBytes: 101 } },
    kind: RangeError,
    says: ['queue.lowWaterBytes', '100', '101'],
  },
  'queue.overflow unknown': {
    options: { queue: { overflow: 'drop-all' } },
    kind: RangeError,
    says: ['queue.overflow', 'drop-oldest', '"drop-all"'],
  },
  'whenHidden unknown': {
    options: { whenHidden: 'close' },
    kind: RangeError,
    says: ['whenHidden', 'pauseRetries', '"close"'],
  },
  'whenHidden without a time': { options: { whenHidden: {} }, kind: TypeError, says: ['closeAfterMs'] },
  'whenHidden null': { options: { whenHidden: null }, kind: TypeError, says: ['whenHidden', 'null'] },
  'whenHidden with an unknown name': {
    options: { whenHidden: { closeAfter: 5 } },
    kind: TypeError,
    says: ['whenHidden', '"closeAfter"', 'closeAfterMs'],
  },
  'an unknown option': {
    options: { reconnect: true },
    kind: TypeError,
    says: ['"reconnect"', 'backoff', 'heartbeat'],
  },
  'options that are no object': { options: 5, kind: TypeError, says: ['options', 'object'] },
  'options null': { options: null, kind: TypeError, says: ['options', 'null'] },
  'headers static, with a number': {
    options: { headers: { x: 5 } },
    kind: TypeError,
    says: ['headers', 'object of strings'],
  },
  'headers as text': {
    options: { headers: 'x: y' },
    kind: TypeError,
    says: ['headers', 'object of strings'],
  },
  'protocols with a space': { options: { protocols: 'a b' }, kind: TypeError, says: ['protocols', 'token'] },
  'protocols twice': { options: { protocols: ['a', 'a'] }, kind: TypeError, says: ['protocols', 'once'] },
  'protocols null': { options: { protocols: null }, kind: TypeError, says: ['protocols', 'token'] },
  'signal that is none': { options: { signal: {} }, kind: TypeError, says: ['signal', 'function'] },
  'clock that is none': { options: { clock: {} }, kind: TypeError, says: ['clock', 'function'] },
  'heartbeat.strategy that is none': {
    options: { heartbeat: { strategy: {} } },
    kind: TypeError,
    says: ['heartbeat.strategy', 'function'],
  },
  'heartbeat true': { options: { heartbeat: true }, kind: TypeError, says: ['heartbeat', 'object'] },
})

for (const name of ['autoConnect', 'unref']) {
  bad[`${name} as text`] = { options: { [name]: 'yes' }, kind: TypeError, says: [name, 'boolean', '"yes"'] }
}
for (const name of ['onConnected', 'admit', 'classify', 'createSocket', 'logger', 'random']) {
  bad[`${name} as text`] = { options: { [name]: 'x' }, kind: TypeError, says: [name, 'function', '"x"'] }
}
for (const name of ['ping', 'isPong']) {
  bad[`heartbeat.${name} as text`] = {
    options: { heartbeat: { [name]: 'ping' } },
    kind: TypeError,
    says: [`heartbeat.${name}`, 'function', '"ping"'],
  }
}
for (const group of ['connect', 'backoff', 'heartbeat', 'queue']) {
  bad[`${group} null`] = { options: { [group]: null }, kind: TypeError, says: [group, 'object', 'null'] }
  bad[`${group} as a number`] = { options: { [group]: 5 }, kind: TypeError, says: [group, 'object'] }
  bad[`an unknown option of ${group}`] = {
    options: { [group]: { maxDelay: 5 } },
    kind: TypeError,
    says: [group, '"maxDelay"'],
  }
}

/** Calls, and gives what was thrown. */
function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

function expectError(error: Error, { kind, says }: Omit<Bad, 'options'>): void {
  expect(error).toBeInstanceOf(kind)
  for (const part of says) expect(error.message).toContain(part)
}

describe('connect() refuses, with an error that names the option, the bound and the value,', () => {
  for (const [name, one] of Object.entries(bad)) {
    it(name, () => {
      expectError(
        thrownBy(() => connect('ws://server.test/', one.options as SessionOptions)),
        one,
      )
    })
  }

  for (const [name, url] of Object.entries({
    'an empty URL': '',
    'a URL that does not parse': 'ws://',
    'a relative URL where there is no page': '/live',
    'a URL of another scheme': 'ftp://server.test/',
    'a URL with a fragment': 'ws://server.test/#x',
    'no URL': undefined,
    'a number for a URL': 5,
    'null for a URL': null,
  })) {
    it(name, () => {
      expectError(
        thrownBy(() => connect(url as never)),
        { kind: TypeError, says: ['url: must'] },
      )
    })
  }

  it('and the error of a URL does not repeat it, as it may hold a secret', () => {
    const error = thrownBy(() => connect('ws://[bad?token=canary'))
    expect(`${error.message} ${String(error.cause)}`).not.toContain('canary')
  })
})

describe('send() refuses', () => {
  for (const [name, message] of Object.entries({
    undefined,
    null: null,
    'a number': 5,
    'an object': { text: 'x' },
    'an array': [1],
  })) {
    it(`${name}, by a TypeError`, () => {
      const { session } = openWorld({ autoConnect: false })
      expectError(
        thrownBy(() => session.send(message as never)),
        { kind: TypeError, says: ['message'] },
      )
      expect(session.queue.size).toBe(0)
    })
  }

  const options: Record<string, Bad> = {
    'ttlMs 0': { options: { ttlMs: 0 }, kind: RangeError, says: ['send.ttlMs', '1', '0'] },
    'ttlMs NaN': { options: { ttlMs: Number.NaN }, kind: RangeError, says: ['send.ttlMs', 'NaN'] },
    'ttlMs as text': { options: { ttlMs: '5' }, kind: TypeError, says: ['send.ttlMs', 'number', '"5"'] },
    'a key that is no text': { options: { key: 5 }, kind: TypeError, says: ['send.key', 'string', '5'] },
    'whenOffline unknown': {
      options: { whenOffline: 'keep' },
      kind: RangeError,
      says: ['send.whenOffline', 'drop', '"keep"'],
    },
    'an unknown option': { options: { ttl: 5 }, kind: TypeError, says: ['send', '"ttl"', 'ttlMs'] },
    'options that are no object': { options: 5, kind: TypeError, says: ['send', 'object'] },
  }
  for (const [name, one] of Object.entries(options)) {
    it(name, () => {
      const { session } = openWorld({ autoConnect: false })
      expectError(
        thrownBy(() => session.send('x', one.options as never)),
        one,
      )
      expect(session.queue.size).toBe(0)
    })
  }
})

describe('close() refuses at the call, and the session goes on:', () => {
  const tooLong = 'x'.repeat(124)
  const options: Record<string, Bad> = {
    'an unknown option': { options: { drain: 5 }, kind: TypeError, says: ['close', '"drain"', 'drainMs'] },
    'a code as text': { options: { code: '1000' }, kind: TypeError, says: ['close.code', '"1000"'] },
    'a code with a fraction': { options: { code: 3000.5 }, kind: RangeError, says: ['close.code', '3000.5'] },
    'a reason that is no text': { options: { reason: 5 }, kind: TypeError, says: ['close.reason', 'string'] },
    'a reason of 124 bytes': {
      options: { reason: tooLong },
      kind: RangeError,
      says: ['close.reason', '123', '124'],
    },
    'a reason of 124 bytes in 31 characters': {
      options: { reason: '😀'.repeat(31) },
      kind: RangeError,
      says: ['close.reason', '123', '124'],
    },
    'a negative drainMs': { options: { drainMs: -1 }, kind: RangeError, says: ['close.drainMs', '0', '-1'] },
    'drainMs NaN': { options: { drainMs: Number.NaN }, kind: RangeError, says: ['close.drainMs', 'NaN'] },
  }
  options['the code NaN'] = {
    options: { code: Number.NaN },
    kind: RangeError,
    says: ['close.code', 'NaN'],
  }
  for (const code of [0, 999, 1001, 1005, 1006, 1015, 2999, 5000]) {
    options[`the code ${code}`] = {
      options: { code },
      kind: RangeError,
      says: ['close.code', '1000', '3000', '4999', String(code)],
    }
  }
  for (const [name, one] of Object.entries(options)) {
    it(name, async () => {
      const world = await openedWorld()
      expectError(
        thrownBy(() => void world.session.close(one.options as never)),
        one,
      )
      expect(world.session.state.name).toBe('open')
    })
  }

  it.each([
    ['123 letters', 'x'.repeat(123)],
    ['41 characters of three bytes', '€'.repeat(41)],
    ['30 characters of four bytes', '😀'.repeat(30)],
    ['61 characters of two bytes', 'é'.repeat(61)],
    ['a lone surrogate, which is sent as three bytes', `${'x'.repeat(120)}\ud800`],
  ])('but takes a reason of %s', async (_, reason) => {
    const world = await openedWorld()
    void world.session.close({ code: 4999, reason })
    await world.clock.advance(0)
    expect(world.server.last.closed).toEqual({ code: 4999, reason })
  })

  it('but takes every code that applications may send', async () => {
    for (const code of [1000, 3000, 3999, 4000, 4999]) {
      const world = await openedWorld()
      void world.session.close({ code })
      await world.clock.advance(0)
      expect(world.server.last.closed?.code).toBe(code)
    }
  })
})

describe('reconnect() refuses', () => {
  const options: Record<string, Bad> = {
    'a negative time': {
      options: { withinMs: -1 },
      kind: RangeError,
      says: ['reconnect.withinMs', '0', '-1'],
    },
    Infinity: {
      options: { withinMs: Number.POSITIVE_INFINITY },
      kind: RangeError,
      says: ['reconnect.withinMs', 'Infinity'],
    },
    text: { options: { withinMs: '5' }, kind: TypeError, says: ['reconnect.withinMs', 'number', '"5"'] },
    'an unknown option': { options: { within: 5 }, kind: TypeError, says: ['reconnect', '"within"'] },
  }
  for (const [name, one] of Object.entries(options)) {
    it(`${name}, and nothing changes`, async () => {
      const world = await openedWorld()
      expectError(
        thrownBy(() => world.session.reconnect(one.options as never)),
        one,
      )
      expect(world.session.state.name).toBe('open')
    })
  }
})

describe('adaptive() refuses', () => {
  it.each([0, -1, 1.5, Number.NaN])('sightings %s', (sightings) => {
    expectError(
      thrownBy(() => adaptive({ sightings })),
      { kind: RangeError, says: ['adaptive.sightings', '1', String(sightings)] },
    )
  })

  it.each([0, -5, Number.NaN])('floorMs %s', (floorMs) => {
    expectError(
      thrownBy(() => adaptive({ floorMs })),
      { kind: RangeError, says: ['adaptive.floorMs', '1', String(floorMs)] },
    )
  })
})

describe('options', () => {
  it('that are undefined count as left out', async () => {
    const everything = {
      protocols: undefined,
      headers: undefined,
      credentials: undefined,
      connect: undefined,
      backoff: { baseMs: undefined },
      heartbeat: undefined,
      queue: undefined,
      maxUnread: undefined,
      closeTimeoutMs: undefined,
      whenHidden: undefined,
      autoConnect: undefined,
      unref: undefined,
      onConnected: undefined,
      admit: undefined,
      classify: undefined,
      signal: undefined,
      logger: undefined,
    }
    const world = await openedWorld(everything as unknown as WorldOptions)
    expect(world.session.state.name).toBe('open')
  })

  it('may be Infinity where there may be no limit', async () => {
    const none = Number.POSITIVE_INFINITY
    const world = await openedWorld({
      connect: { resolveTimeoutMs: none, dialTimeoutMs: none, helloTimeoutMs: none },
      queue: { maxMessages: none, maxBytes: none, highWaterBytes: none, lowWaterBytes: none },
      maxUnread: none,
      closeTimeoutMs: none,
      whenHidden: { closeAfterMs: none },
    })
    expect(world.session.resources).toMatchObject({ timers: 1 })
  })

  it('have the documented defaults', () => {
    expect(defaults).toMatchObject({
      connect: { resolveTimeoutMs: 10_000, dialTimeoutMs: 10_000, helloTimeoutMs: 10_000 },
      backoff: {
        baseMs: 2_000,
        capMs: 30_000,
        stableAfterMs: 10_000,
        maxAttempts: Number.POSITIVE_INFINITY,
      },
      heartbeat: { intervalMs: 25_000, timeoutMs: 10_000, probeMs: 3_000 },
      queue: { maxMessages: 1_000, maxBytes: 1_048_576, overflow: 'reject' },
      maxUnread: 1_000,
      closeTimeoutMs: 2_000,
    })
  })
})

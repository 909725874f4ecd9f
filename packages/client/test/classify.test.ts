import { describe, expect, it } from 'vitest'
import { type Cause, classify, type Verdict } from '../src/index.ts'
import { openedWorld, openWorld, stateOf } from './world.ts'

const serverClose = (code: number, reason = ''): Cause => ({
  kind: 'server-close',
  code,
  reason,
  wasClean: true,
})
const refused = (status: number, retryAfterMs?: number): Cause => ({
  kind: 'refused',
  status,
  headers: {},
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

/** The whole table: what is not here is tried again. */
const codes: Readonly<Record<number, Verdict>> = {
  1000: 'stop',
  1008: 'refresh',
  1010: 'stop',
  3000: 'refresh',
  3003: 'stop',
  4400: 'stop',
  4401: 'refresh',
  4403: 'stop',
  4405: 'stop',
  4407: 'stop',
  4409: 'stop',
  4410: 'stop',
  4414: 'stop',
  4426: 'stop',
  4431: 'stop',
  4451: 'stop',
}
const statuses: Readonly<Record<number, Verdict>> = {
  301: 'refresh',
  302: 'refresh',
  303: 'refresh',
  307: 'refresh',
  308: 'refresh',
  400: 'stop',
  401: 'refresh',
  403: 'stop',
  405: 'stop',
  407: 'stop',
  409: 'stop',
  410: 'stop',
  414: 'stop',
  426: 'stop',
  431: 'stop',
  451: 'stop',
}

const from = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('classify()', () => {
  it('gives every close code from 1000 to 1015 and from 3000 to 4999 the verdict of the table', () => {
    for (const code of [...from(1000, 1015), ...from(3000, 4999)]) {
      expect([code, classify(serverClose(code))]).toEqual([code, codes[code] ?? 'retry'])
    }
  })

  it('gives every HTTP status the verdict of the table', () => {
    for (const status of from(100, 599)) {
      expect([status, classify(refused(status))]).toEqual([status, statuses[status] ?? 'retry'])
    }
  })

  it('gives every other kind of cause its verdict', () => {
    const verdicts: Record<string, Verdict> = {}
    const others: Cause[] = [
      { kind: 'lost' },
      { kind: 'unreachable', errno: 'ECONNREFUSED' },
      { kind: 'timeout', phase: 'dial', limitMs: 1 },
      { kind: 'failed', phase: 'resolve' },
      { kind: 'liveness', silentMs: 1 },
      { kind: 'unauthorized', phase: 'resolve' },
      { kind: 'forbidden', name: 'SecurityError' },
    ]
    for (const cause of others) verdicts[cause.kind] = classify(cause)
    expect(verdicts).toEqual({
      lost: 'retry',
      unreachable: 'retry',
      timeout: 'retry',
      failed: 'retry',
      liveness: 'retry',
      unauthorized: 'stop',
      forbidden: 'stop',
    })
  })

  it.each([
    ['retry-after-ms=1500', 1_500],
    ['deploy; retry-after-ms=1500', 1_500],
    ['deploy,retry-after-ms=1500 soon', 1_500],
    ['deploy retry-after-ms=999999999', 999_999_999],
  ])('reads a hint in the reason %j', (reason, retryAfterMs) => {
    expect(classify(serverClose(1012, reason))).toEqual({ retryAfterMs })
  })

  it.each([
    'retry-after-ms=',
    'retry-after-ms=-5',
    'retry-after-ms=soon',
    'xretry-after-ms=5',
    'retry-after=5',
    'retry-after-ms=0',
  ])('reads no hint in the reason %j', (reason) => {
    expect(classify(serverClose(1012, reason))).toBe('retry')
  })

  it('takes the hint of a refusal, but not one of 0, which would bring everybody back at once', () => {
    expect(classify(refused(503, 2_000))).toEqual({ retryAfterMs: 2_000 })
    expect(classify(refused(503, 0))).toBe('retry')
  })

  it('a hint does not overrule a verdict that is not to retry', () => {
    expect(classify(refused(403, 2_000))).toBe('stop')
    expect(classify(serverClose(1000, 'retry-after-ms=5'))).toBe('stop')
    expect(classify(serverClose(4401, 'retry-after-ms=5'))).toBe('refresh')
  })
})

describe('the verdict in a session', () => {
  it('a server that closes with 1000 ends the session, with its words as the cause', async () => {
    const world = await openedWorld()
    world.server.last.close(1000, 'bye')
    await world.clock.advance(0)
    expect(stateOf(world, 'closed').cause).toEqual({
      kind: 'server-close',
      code: 1000,
      reason: 'bye',
      wasClean: true,
    })
  })

  it('a hint of the server replaces the backoff, drawn up to half later', async () => {
    const world = await openedWorld()
    world.server.last.close(1013, 'retry-after-ms=8000')
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').delayMs).toBe(10_000)
  })

  it('refresh without any provider is stop: nothing fresh can come', async () => {
    const world = await openedWorld({ credentials: 'fixed' })
    world.server.last.close(4401)
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('closed')
  })

  it('refresh with a provider is an attempt with backoff, and the provider is told why', async () => {
    const causes: Cause[] = []
    const world = await openedWorld({
      credentials: ({ cause }: { cause: Cause }) => {
        causes.push(cause)
        return 'fresh'
      },
    })
    world.server.last.close(4401, 'expired')
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').delayMs).toBe(1_000)
    await world.clock.advance(1_000)
    expect(causes.at(-1)).toMatchObject({ kind: 'server-close', code: 4401, reason: 'expired' })
  })

  it('1009 is tried again, and reported as too large', async () => {
    const world = await openedWorld()
    world.server.last.close(1009)
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('waiting')
    expect(world.errors).toMatchObject([{ phase: 'too-large', error: { code: 'message-too-large' } }])
  })
})

describe('the classify option', () => {
  it.each([
    1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3003, 4000, 4400,
    4401, 4409, 4999,
  ])('has the last word on the code %i, both ways', async (code) => {
    const again = await openedWorld({ classify: () => 'retry' })
    again.server.last.close(code)
    await again.clock.advance(0)
    expect(again.session.state.name).toBe('waiting')
    const over = await openedWorld({ classify: () => 'stop' })
    over.server.last.close(code)
    await over.clock.advance(0)
    expect(over.session.state.name).toBe('closed')
  })

  it('has the last word on what ends without a code', async () => {
    const lost = await openedWorld({ classify: ({ kind }) => (kind === 'lost' ? 'stop' : undefined) })
    lost.server.last.cut()
    await lost.clock.advance(0)
    expect(stateOf(lost, 'closed').cause).toEqual({ kind: 'lost' })
    const unreachable = openWorld({ server: { onDial: () => 'refuse' }, classify: () => 'stop' })
    await unreachable.clock.advance(0)
    expect(stateOf(unreachable, 'closed').cause).toEqual({ kind: 'unreachable' })
    const slow = openWorld({ server: { onDial: () => 'hang' }, classify: () => 'stop' })
    await slow.clock.advance(10_000)
    expect(stateOf(slow, 'closed').cause.kind).toBe('timeout')
    const failed = openWorld({ url: () => Promise.reject(new Error('no')), classify: () => 'stop' })
    await failed.clock.advance(0)
    expect(stateOf(failed, 'closed').cause.kind).toBe('failed')
  })

  it('may give a time, drawn up to half later', async () => {
    const world = await openedWorld({ classify: () => ({ retryAfterMs: 600 }) })
    world.server.last.cut()
    await world.clock.advance(0)
    expect(stateOf(world, 'waiting').delayMs).toBe(750)
  })

  it('leaves it to the table with undefined', async () => {
    const world = await openedWorld({ classify: () => undefined })
    world.server.last.close(4403)
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('closed')
  })

  it('that throws is reported, and the table decides', async () => {
    const error = new Error('mine')
    const world = await openedWorld({
      classify: () => {
        throw error
      },
    })
    world.server.last.cut()
    await world.clock.advance(0)
    expect(world.errors).toEqual([{ phase: 'classify', error }])
    expect(stateOf(world, 'waiting').delayMs).toBe(1_000)
  })

  it.each([
    ['a word it does not know', 'again'],
    ['a promise, as an async function does', Promise.resolve('stop')],
    ['a time that is none', { retryAfterMs: Number.NaN }],
    ['a negative time', { retryAfterMs: -1 }],
    ['null', null],
  ])('that gives %s is reported, and the table decides', async (_, verdict) => {
    const world = await openedWorld({ classify: () => verdict as never })
    world.server.last.cut()
    await world.clock.advance(0)
    expect(world.errors.map(({ phase }) => phase)).toEqual(['classify'])
    expect(stateOf(world, 'waiting').delayMs).toBe(1_000)
  })

  for (const [act, name] of [
    ['pause', 'idle'],
    ['dispose', 'closed'],
    ['close', 'closed'],
    ['reconnect', 'waiting'],
  ] as const) {
    it(`that calls ${act}() is not overruled by its own answer`, async () => {
      const world = await openedWorld({
        classify: () => {
          void world.session[act]()
          return { retryAfterMs: 9_000 }
        },
      })
      world.server.last.cut()
      await world.clock.advance(0)
      if (act === 'reconnect') {
        expect(world.path()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
        expect(world.delays()).toEqual([0])
      } else {
        await world.clock.advance(3_600_000)
        expect(world.session.state.name).toBe(name)
        expect(world.server.dials).toBe(1)
      }
    })
  }
})

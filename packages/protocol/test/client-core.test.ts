import { describe, expect, test } from 'vitest'
import {
  ClientCore,
  type ClientOptions,
  closeCode,
  encodeControl,
  resolveClientOptions,
} from '../src/index.ts'
import type { ControlFrame, Welcome } from '../src/frame.ts'
import { type Note, decode, drain, note, payloads } from './pair.ts'

const limits = { maxBytes: 100, windowMessages: 4, windowBytes: 200 }

const welcome: Welcome = {
  kind: 'welcome',
  sid: 's1',
  tok: 't1',
  res: false,
  rx: 0,
  ack: 0,
  v: 1,
  ping: 20_000,
  idle: 60_000,
  ttl: 300_000,
  spread: 0,
  max: 100,
  win: [4, 200],
  ext: ['auth'],
}

/** A client core with a test in place of the server. */
class Bench {
  readonly core: ClientCore<Note>
  attempt = 0

  constructor(options: Partial<ClientOptions> = {}) {
    this.core = new ClientCore<Note>(resolveClientOptions({ cid: 'c', limits, ...options }))
  }

  begin() {
    this.attempt = this.core.begin()
    return drain(this.core)
  }

  frame(frame: ControlFrame) {
    this.core.text(this.attempt, encodeControl(frame))
    return drain(this.core)
  }

  text(text: string) {
    this.core.text(this.attempt, text)
    return drain(this.core)
  }

  live(change: Partial<Welcome> = {}) {
    this.begin()
    return this.frame({ ...welcome, ...change })
  }

  offer(text: string) {
    const answer = this.core.offer(note(text))
    drain(this.core)
    return answer
  }

  closed(code?: number) {
    this.core.closed(this.attempt, code)
    return drain(this.core)
  }
}

const types = (actions: readonly { type: string }[]): string[] => actions.map(({ type }) => type)

function sent(actions: readonly { type: string }[]): (string | object)[] {
  return actions.flatMap((action) =>
    'data' in action && typeof action.data === 'string' ? [decode(action.data)] : [],
  )
}

function outcome(actions: ReturnType<Bench['begin']>) {
  const welcomed = actions.find((action) => action.type === 'welcomed')
  if (welcomed?.type !== 'welcomed') throw new Error('not welcomed')
  return welcomed.outcome
}

describe('idle + begin -> hello', () => {
  test('sends HELLO for a new session with a growing attempt number', () => {
    const bench = new Bench({ agent: 'demo/1', proto: ['chat'] })
    bench.core.begin({ ticket: 7 })
    const [hello] = sent(drain(bench.core))
    expect(hello).toMatchObject({
      kind: 'hello',
      sid: null,
      tok: null,
      att: 1,
      rx: 0,
      ack: 0,
      ua: 'demo/1',
      proto: ['chat'],
    })
    expect(hello).toHaveProperty('auth.ticket', 7)
    expect(sent(bench.begin())[0]).toMatchObject({ att: 2 })
    expect(bench.core.phase).toBe('hello')
  })

  test('refuses messages, pings and refreshes until WELCOME', () => {
    const bench = new Bench()
    bench.begin()
    bench.core.ping(1)
    bench.core.buffered(0)
    bench.core.due('ack')
    expect([bench.core.offer(note('a')), bench.core.refresh('x')]).toEqual(['not-live', false])
    expect(drain(bench.core)).toEqual([])
    expect([bench.core.sid, bench.core.maxBytes]).toEqual([undefined, undefined])
  })
})

describe('hello + WELCOME -> live', () => {
  test('acknowledges at once, then says what it means', () => {
    const bench = new Bench()
    const actions = bench.live({ exp: 9, proto: 'chat', ext: [] })
    expect(types(actions)).toEqual(['send', 'welcomed'])
    expect(sent(actions)).toEqual([{ kind: 'ack', ack: 0, tx: 0 }])
    expect(actions[1]).toMatchObject({
      sid: 's1',
      outcome: { name: 'first' },
      welcome: { ping: 20_000, ttl: 300_000, max: 100, proto: 'chat', exp: 9 },
    })
    expect([bench.core.phase, bench.core.sid, bench.core.maxBytes]).toEqual(['live', 's1', 100])
  })

  test('resumes: says so before anything is sent again', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.offer('b')
    bench.text('x')
    bench.closed()
    expect(sent(bench.begin())[0]).toMatchObject({ sid: 's1', tok: 't1', att: 2, rx: 1, ack: 1 })
    const actions = bench.frame({ ...welcome, tok: 't2', res: true, rx: 1, ack: 1 })
    expect(types(actions)).toEqual(['send', 'acked', 'welcomed', 'send'])
    expect(sent(actions)).toEqual([{ kind: 'ack', ack: 1, tx: 1 }, 'b'])
    bench.closed()
    expect(sent(bench.begin())[0]).toMatchObject({ tok: 't2' })
  })

  test.each([
    ['with counts', { lost: 'expired', lack: 1, lrx: 2 } as const, [['a'], ['b'], ['c']]],
    ['without counts', { lost: 'expired' } as const, [[], ['a', 'b', 'c'], []]],
    [
      'with counts that its reason spoils',
      { lost: 'desync', lack: 1, lrx: 2 } as const,
      [[], ['a', 'b', 'c'], []],
    ],
    ['with counts that cannot be', { lost: 'expired', lack: 1, lrx: 9 } as const, [[], ['a', 'b', 'c'], []]],
    ['without a reason', {}, [[], ['a', 'b', 'c'], []]],
  ])('hands back what a new session leaves behind, %s', (_, change, fates) => {
    const bench = new Bench()
    bench.live()
    for (const text of 'abc') bench.offer(text)
    bench.closed()
    const gap = outcome(bench.live({ sid: 's2', tok: 't2', ...change }))
    if (gap.name !== 'gap') throw new Error('no gap')
    expect(gap.reason).toBe('lost' in change ? change.lost : 'unknown')
    const { delivered, uncertain, undelivered } = gap.handBack
    expect([delivered, uncertain, undelivered].map(payloads)).toEqual(fates)
    expect(bench.offer('d')).toBe(1)
  })

  test.each([
    ['behind what was acknowledged', { rx: 0, ack: 0 }],
    ['beyond what was sent', { rx: 5, ack: 1 }],
  ])(
    'gives a session up whose counts are %s, tells the server, and reports the gap with the next WELCOME',
    (_, counts) => {
      const bench = new Bench()
      bench.live()
      for (const text of 'ab') bench.offer(text)
      bench.frame({ kind: 'ack', ack: 1, tx: 0 })
      bench.closed()
      bench.begin()
      const actions = bench.frame({ ...welcome, res: true, ...counts })
      expect(types(actions)).toEqual(['send', 'lost', 'close'])
      expect(sent(actions)).toEqual([{ kind: 'error', code: 4400, end: true, lost: 'diverged' }])
      expect(sent(bench.begin())[0]).toMatchObject({ sid: null, tok: null, rx: 0 })
      const gap = outcome(bench.frame({ ...welcome, sid: 's2' }))
      expect(gap).toMatchObject({
        name: 'gap',
        reason: 'diverged',
        handBack: { delivered: [], undelivered: [] },
      })
      if (gap.name === 'gap') expect(payloads(gap.handBack.uncertain)).toEqual(['b'])
    },
  )

  test('gives a session up when the limit shrank below a message that must be sent again', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.offer('long message')
    bench.closed()
    bench.begin()
    const small = { max: 5, win: [4, 5] }
    const actions = bench.frame({ ...welcome, res: true, rx: 1, ack: 1, ...small })
    expect(sent(actions)).toEqual([
      { kind: 'error', code: 4413, end: true, lost: 'too-large', lack: 0, lrx: 0 },
    ])
    const gap = outcome(bench.live({ sid: 's2' }))
    if (gap.name !== 'gap') throw new Error('no gap')
    expect([payloads(gap.handBack.delivered), payloads(gap.handBack.undelivered)]).toEqual([
      ['a'],
      ['long message'],
    ])
  })

  test('does not follow a WELCOME that resumes something else', () => {
    const bench = new Bench()
    bench.begin()
    expect(types(bench.frame({ ...welcome, res: true }))).toEqual(['failed', 'close'])
    bench.live()
    bench.closed()
    bench.begin()
    expect(types(bench.frame({ ...welcome, sid: 's2', res: true }))).toEqual(['lost', 'close'])
  })
})

describe('hello + anything else -> idle', () => {
  test.each([
    ['data', 'hello'],
    ['an ACK', '\u0010A0,0'],
    ['a malformed frame', '\u0010W{}'],
  ])('drops the connection on %s, and the session if there is one', (_, text) => {
    const bench = new Bench()
    bench.begin()
    expect(types(bench.text(text))).toEqual(['failed', 'close'])
    bench.live()
    bench.offer('a')
    bench.closed()
    bench.begin()
    const actions = bench.text(text)
    expect(types(actions)).toEqual(['lost', 'close'])
    expect(actions[0]).toMatchObject({ reason: 'protocol' })
    expect(bench.core.phase).toBe('idle')
  })

  test('reports a refusal and keeps the session', () => {
    const bench = new Bench()
    bench.live()
    bench.closed()
    bench.begin()
    const actions = bench.frame({ kind: 'error', code: 4429, retry: 500, msg: 'busy' })
    expect(actions).toEqual([
      { type: 'failed', attempt: 2, code: 4429, retryMs: 500, message: 'busy' },
      { type: 'close', attempt: 2, code: 1000 },
    ])
    expect(sent(bench.begin())[0]).toMatchObject({ sid: 's1' })
  })

  test('goes on behind the attempt that a server calls newer', () => {
    const bench = new Bench()
    bench.begin()
    bench.frame({ kind: 'error', code: closeCode.stale, att: 7 })
    expect(sent(bench.begin())[0]).toMatchObject({ att: 8 })
    bench.frame({ kind: 'error', code: closeCode.stale })
    expect(sent(bench.begin())[0]).toMatchObject({ att: 9 })
  })
})

describe('live', () => {
  test('delivers text, escaped text and binary with their numbers', () => {
    const bench = new Bench()
    bench.live()
    const deliveries = [...bench.text('x'), ...bench.text('\u0010\u0010y')].filter(
      ({ type }) => type === 'deliver',
    )
    expect(deliveries).toEqual([
      { type: 'deliver', sid: 's1', number: 1, payload: 'x' },
      { type: 'deliver', sid: 's1', number: 2, payload: '\u0010y' },
    ])
    const bytes = Uint8Array.of(1, 2)
    bench.core.binary(bench.attempt, bytes)
    expect(drain(bench.core)).toContainEqual({ type: 'deliver', sid: 's1', number: 3, payload: bytes })
  })

  test('ignores frames and closes of a connection it has left', () => {
    const bench = new Bench()
    bench.live()
    const left = bench.attempt
    bench.begin()
    bench.core.text(left, 'late')
    bench.core.binary(left, Uint8Array.of(1))
    bench.core.closed(left, 4409)
    expect(drain(bench.core)).toEqual([])
    expect(bench.core.phase).toBe('hello')
  })

  test('acknowledges after half a window, or when the timer runs out, and not twice', () => {
    const bench = new Bench()
    bench.live()
    expect(bench.text('a')).toContainEqual({ type: 'arm', timer: { name: 'ack', sid: 's1' }, delayMs: 200 })
    expect(sent(bench.text('b'))).toEqual([{ kind: 'ack', ack: 2, tx: 0 }])
    bench.core.due('ack')
    expect(drain(bench.core)).toEqual([])
    bench.text('c')
    bench.core.due('ack')
    expect(sent(drain(bench.core))).toEqual([{ kind: 'ack', ack: 3, tx: 0 }])
    bench.core.due('ack')
    expect(drain(bench.core)).toEqual([])
  })

  test('in mode handled acknowledges the settled prefix of its own session only', () => {
    const bench = new Bench({ ackMode: 'handled' })
    bench.live()
    bench.text('a')
    bench.text('b')
    bench.core.settle('s0', 1)
    bench.core.settle('s1', 2)
    expect(drain(bench.core)).toEqual([])
    bench.core.settle('s1', 1)
    expect(sent(drain(bench.core))).toEqual([{ kind: 'ack', ack: 2, tx: 0 }])
  })

  test('refuses what the window has no room for and says when there is room', () => {
    const bench = new Bench()
    bench.live()
    expect('abcde'.split('').map((text) => bench.offer(text))).toEqual([1, 2, 3, 4, 'window'])
    const actions = bench.frame({ kind: 'ack', ack: 2, tx: 0 })
    expect(actions).toMatchObject([{ type: 'acked', upTo: 2 }, { type: 'room' }])
    expect(bench.offer('e')).toBe(5)
  })

  test('refuses a message over the limit for good', () => {
    const bench = new Bench()
    bench.live()
    expect(bench.offer('x'.repeat(101))).toBe('too-large')
    expect(bench.offer('y')).toBe(1)
  })

  test('answers PING, and reports PONG', () => {
    const bench = new Bench()
    bench.live()
    expect(sent(bench.frame({ kind: 'ping', ack: 0, tx: 0, n: 7 }))).toEqual([
      { kind: 'pong', ack: 0, tx: 0, n: 7 },
    ])
    bench.core.ping(8)
    expect(sent(drain(bench.core))).toEqual([{ kind: 'ping', ack: 0, tx: 0, n: 8 }])
    expect(bench.frame({ kind: 'pong', ack: 0, tx: 0, n: 8 })).toEqual([{ type: 'pong', value: 8 }])
  })

  test('passes on GOAWAY and EXPIRY, and sends REFRESH', () => {
    const bench = new Bench()
    bench.live()
    expect(bench.frame({ kind: 'goaway', after: 1, spread: 2, why: 'deploy' })).toEqual([
      { type: 'goaway', afterMs: 1, spreadMs: 2, why: 'deploy' },
    ])
    expect(bench.frame({ kind: 'expiry', exp: 5 })).toEqual([{ type: 'credentials', expiresMs: 5 }])
    expect(bench.core.refresh({ ticket: 2 })).toBe(true)
    expect(sent(drain(bench.core))).toMatchObject([{ kind: 'refresh' }])
    bench.live({ ext: [] })
    expect(bench.core.refresh({ ticket: 2 })).toBe(false)
  })

  test.each([
    ['desync', '\u0010A0,1'],
    ['badack', '\u0010A1,0'],
    ['desync', '\u0010Q0,5,1'],
    ['protocol', '\u0010Z'],
    ['protocol', encodeControl(welcome)],
    ['protocol', '\u0010A01,1'],
  ] as const)('ends the session with %s on %s, tells the server, and trusts no count', (reason, text) => {
    const bench = new Bench()
    bench.live()
    const actions = bench.text(text)
    expect(types(actions)).toEqual(['send', 'lost', 'close'])
    expect(sent(actions)).toEqual([{ kind: 'error', code: 4400, end: true, lost: reason }])
    expect(actions.at(-1)).toEqual({ type: 'close', attempt: 1, code: 4400 })
  })

  test('ends the session when a message is too large, with its number and the counts', () => {
    const bench = new Bench()
    bench.live()
    bench.text('a')
    const actions = bench.text('x'.repeat(101))
    expect(sent(actions)).toEqual([
      { kind: 'error', code: 4413, end: true, lost: 'too-large', lack: 1, lrx: 1, n: 2 },
    ])
  })

  test('ends the session when more comes than the window allows', () => {
    const bench = new Bench({ ackMode: 'handled' })
    bench.live()
    const actions = 'abcde'.split('').flatMap((text) => bench.text(text))
    expect(actions.filter(({ type }) => type === 'deliver')).toHaveLength(4)
    expect(sent(actions)).toEqual([{ kind: 'error', code: 4400, end: true, lost: 'protocol' }])
  })

  test('takes the size of a text from outside when it is known there, without its escape', () => {
    const bench = new Bench()
    bench.live()
    bench.core.text(bench.attempt, 'é'.repeat(50), 100)
    bench.core.text(bench.attempt, `\u0010\u0010${'x'.repeat(99)}`, 101)
    expect(drain(bench.core).filter(({ type }) => type === 'deliver')).toHaveLength(2)
  })

  test('stops writing at the high-water mark and looks again', () => {
    const bench = new Bench({ highWaterBytes: 10 })
    bench.live()
    expect(bench.offer('12345678')).toBe(1)
    bench.core.offer(note('abc'))
    expect(drain(bench.core)).toEqual([{ type: 'arm', timer: { name: 'drain', sid: 's1' }, delayMs: 50 }])
    bench.core.due('drain', 8)
    expect(drain(bench.core)).toEqual([{ type: 'arm', timer: { name: 'drain', sid: 's1' }, delayMs: 50 }])
    bench.core.buffered(2)
    expect(drain(bench.core)).toEqual([{ type: 'room', sid: 's1' }])
    expect(bench.offer('abc')).toBe(2)
  })

  test('lets one message go that is larger than the mark, into an empty buffer', () => {
    const bench = new Bench({ highWaterBytes: 1 })
    bench.live()
    expect(bench.offer('abc')).toBe(1)
    expect(bench.offer('d')).toBe('window')
  })

  test('sends again in portions when the buffer fills', () => {
    const bench = new Bench({ highWaterBytes: 3 })
    bench.live()
    for (const text of ['aa', 'bb']) {
      bench.core.buffered(0)
      bench.offer(text)
    }
    bench.closed()
    const actions = bench.live({ res: true })
    expect(sent(actions)).toEqual([{ kind: 'ack', ack: 0, tx: 0 }, 'aa'])
    expect(types(actions)).toContain('arm')
    bench.core.due('drain', 0)
    expect(sent(drain(bench.core))).toEqual(['bb'])
  })

  test('loses the session when the server ends it, and only then', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    const { core } = bench
    expect(types(bench.frame({ kind: 'error', code: 4503 }))).toEqual(['failed', 'close'])
    expect(core.sid).toBe('s1')
    bench.live({ res: true })
    const actions = bench.frame({
      kind: 'error',
      code: 4410,
      end: true,
      lost: 'overflow',
      lack: 0,
      lrx: 0,
    })
    expect(actions).toMatchObject([
      { type: 'lost', reason: 'overflow' },
      { type: 'failed', code: 4410 },
      { type: 'close' },
    ])
    const gap = outcome(bench.live({ sid: 's2' }))
    if (gap.name !== 'gap') throw new Error('no gap')
    expect(payloads(gap.handBack.undelivered)).toEqual(['a'])
  })

  test('calls a session ended that the server ends without a reason, and needs no session to take the news', () => {
    const bench = new Bench()
    bench.begin()
    expect(types(bench.frame({ kind: 'error', code: 4410, end: true }))).toEqual(['failed', 'close'])
    bench.live()
    expect(bench.frame({ kind: 'error', code: 4410, end: true })[0]).toMatchObject({
      type: 'lost',
      reason: 'ended',
    })
  })

  test('disarms its timers when the connection goes', () => {
    const bench = new Bench()
    bench.live()
    bench.text('a')
    expect(bench.closed()).toEqual([{ type: 'disarm', timer: { name: 'ack', sid: 's1' } }])
  })
})

describe('any -> ended', () => {
  test.each([
    ['an ERROR', (bench: Bench) => bench.frame({ kind: 'error', code: 4409 })],
    ['a close code', (bench: Bench) => bench.closed(4409)],
  ])('%s of 4409 supersedes for good', (_, supersede) => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    const actions = supersede(bench)
    expect(types(actions)).toEqual(['close', 'superseded'])
    const [, last] = actions
    if (last?.type === 'superseded') expect(payloads(last.handBack.uncertain)).toEqual(['a'])
    expect(bench.begin()).toEqual([])
    expect(bench.core.phase).toBe('ended')
  })

  test('leave says BYE, drops what still comes, and ends with the answer', () => {
    const bench = new Bench()
    bench.live()
    for (const text of 'abc') bench.offer(text)
    bench.core.leave()
    expect(sent(drain(bench.core))).toEqual([{ kind: 'bye', code: 4000, ack: 0, rx: 0 }])
    bench.core.leave()
    expect([bench.text('late'), bench.text('\u0010A0,9'), bench.core.offer(note('d'))]).toEqual([
      [],
      [],
      'not-live',
    ])
    const actions = bench.frame({ kind: 'bye', code: 4000, ack: 1, rx: 2 })
    expect(types(actions)).toEqual(['close', 'ended'])
    const [, ended] = actions
    if (ended?.type !== 'ended') throw new Error('not ended')
    expect(ended).toMatchObject({ by: 'us', answered: true, code: 4000 })
    const { delivered, uncertain, undelivered } = ended.handBack
    expect([delivered, uncertain, undelivered].map(payloads)).toEqual([['a'], ['b'], ['c']])
    bench.core.leave()
    expect(drain(bench.core)).toEqual([])
  })

  test.each([
    ['the connection goes', (bench: Bench) => bench.closed()],
    ['an ERROR comes', (bench: Bench) => bench.frame({ kind: 'error', code: 4500 })],
    ['the next attempt begins', (bench: Bench) => bench.begin()],
  ])('leave ends unanswered when %s', (_, interrupt) => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.core.leave(4001)
    drain(bench.core)
    const ended = interrupt(bench).find(({ type }) => type === 'ended')
    expect(ended).toMatchObject({ by: 'us', code: 4001, answered: false })
    expect(bench.core.phase).toBe('ended')
  })

  test('leave without a connection ends at once', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.closed()
    bench.core.leave()
    const [, ended] = drain(bench.core)
    expect(ended).toMatchObject({ type: 'ended', by: 'us', answered: false })
  })

  test('a BYE of the server is answered and ends the session', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.text('x')
    const actions = bench.frame({ kind: 'bye', code: 4321, ack: 1, rx: 1 })
    expect(sent(actions)).toEqual([{ kind: 'bye', code: 4000, ack: 1, rx: 1 }])
    expect(actions.at(-1)).toMatchObject({ type: 'ended', by: 'peer', code: 4321, answered: true })
  })

  test('abandon hands back once and nothing happens afterwards', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.text('x')
    expect(payloads(bench.core.abandon().uncertain)).toEqual(['a'])
    expect(drain(bench.core)).toEqual([{ type: 'disarm', timer: { name: 'ack', sid: 's1' } }])
    expect(bench.core.abandon()).toEqual({ delivered: [], uncertain: [], undelivered: [] })
    bench.core.settle('s1', 1)
    expect([...bench.begin(), ...bench.text('y'), ...bench.closed()]).toEqual([])
  })

  test('abandon hands back what was lost and not yet reported, and nothing where there is nothing', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('a')
    bench.text('\u0010A9,9')
    expect(payloads(bench.core.abandon().uncertain)).toEqual(['a'])
    expect(new Bench().core.abandon().uncertain).toEqual([])
  })
})

describe('client options', () => {
  test.each([
    [{ cid: '' }, /cid: 1 to 64 characters are needed, received 0/],
    [{ limits: { ...limits, maxBytes: 0 } }, /maxBytes: a whole number of at least 1 is needed, received 0/],
    [{ limits: { ...limits, windowMessages: 1.5 } }, /windowMessages: .* received 1.5/],
    [
      { limits: { ...limits, windowBytes: 99 } },
      /windowBytes: a whole number of at least 100 is needed, received 99/,
    ],
    [{ bounds: { maxMessages: 0, maxBytes: 1 } }, /bounds.maxMessages: at least 1 is needed, received 0/],
    [
      { bounds: { maxMessages: 1, maxBytes: Number.NaN } },
      /bounds.maxBytes: at least 1 is needed, received NaN/,
    ],
    [{ highWaterBytes: -1 }, /highWaterBytes: at least 1 is needed, received -1/],
  ])('%j is refused by name, bound and value', (options, message) => {
    expect(() => new Bench(options)).toThrow(RangeError)
    expect(() => new Bench(options)).toThrow(message)
  })
})

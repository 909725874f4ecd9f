import { describe, expect, test } from 'vitest'
import type { ControlFrame, Hello } from '../src/frame.ts'
import {
  MemoryStore,
  type MemoryStoreOptions,
  ServerCore,
  type ServerAction,
  type ServerOptions,
  defaultLimits,
  encodeControl,
} from '../src/index.ts'
import { wireLimits } from '../src/limits.ts'
import { type Note, decode, drain, note, payloads } from './pair.ts'

const limits = { maxBytes: 100, windowMessages: 4, windowBytes: 200 }

const hello: Hello = {
  kind: 'hello',
  v: [1],
  sid: null,
  tok: null,
  att: 1,
  rx: 0,
  ack: 0,
  ...wireLimits(defaultLimits),
  cid: 'c',
  ext: [],
  proto: [],
}

type Action = ServerAction<Note>

const types = (actions: readonly Action[]): string[] => actions.map(({ type }) => type)

function sent(actions: readonly Action[], connection?: number): (string | object)[] {
  return actions.flatMap((action) => {
    if (action.type !== 'send' || (connection !== undefined && action.connection !== connection)) return []
    return [typeof action.data === 'string' ? decode(action.data) : action.data]
  })
}

const find = <Type extends Action['type']>(actions: readonly Action[], type: Type) =>
  actions.find((action): action is Extract<Action, { type: Type }> => action.type === type)

/** A server core with a real store; a test speaks for the clients and says who they are. */
class Bench {
  readonly core: ServerCore<Note>
  readonly store: MemoryStore<Note>
  #ids = 0

  constructor(options: ServerOptions = {}, store: MemoryStoreOptions = {}) {
    this.core = new ServerCore<Note>({ limits, ...options })
    this.store = new MemoryStore<Note>(store)
  }

  /** Takes every action; what the store is asked is answered at once. */
  run(): Action[] {
    const actions: Action[] = []
    for (let action = this.core.next(); action !== undefined; action = this.core.next()) {
      actions.push(action)
      if (action.type === 'attach') this.core.attached(action.connection, this.store.attach(action.request))
      if (action.type === 'store') this.store.write(action.write)
    }
    return actions
  }

  open(connection: number) {
    this.core.open(connection)
    return this.run()
  }

  frame(connection: number, frame: ControlFrame) {
    this.core.text(connection, encodeControl(frame))
    return this.run()
  }

  text(connection: number, text: string) {
    this.core.text(connection, text)
    return this.run()
  }

  closed(connection: number) {
    this.core.closed(connection)
    return this.run()
  }

  let(connection: number, presented: string | null = null, principal: string | null = 'ada') {
    this.#ids += 1
    this.core.authenticated(connection, {
      kind: 'known',
      principal,
      presentedHash: presented === null ? null : `#${presented}`,
      freshSid: `s${this.#ids}`,
      freshToken: `t${this.#ids}`,
      freshTokenHash: `#t${this.#ids}`,
    })
    return this.run()
  }

  /** Opens, says HELLO, and is let in. */
  join(connection: number, change: Partial<Hello> = {}, principal: string | null = 'ada') {
    this.open(connection)
    this.frame(connection, { ...hello, ...change })
    return this.let(connection, change.tok ?? null, principal)
  }

  /** Joins and confirms. */
  live(connection = 1, change: Partial<Hello> = {}) {
    return [
      ...this.join(connection, change),
      ...this.frame(connection, { kind: 'ack', ack: change.ack ?? 0, tx: 0 }),
    ]
  }

  offer(text: string, sid = 's1') {
    const answer = this.core.session(sid)?.offer(note(text))
    return [answer, this.run()] as const
  }

  get session() {
    const session = this.core.session('s1')
    if (session === undefined) throw new Error('no session')
    return session
  }
}

describe('awaiting', () => {
  test('runs a timer for HELLO, and refuses when it runs out', () => {
    const bench = new Bench({ helloTimeoutMs: 77 })
    const timer = { name: 'hello', connection: 1 } as const
    expect(bench.open(1)).toEqual([{ type: 'arm', timer, delayMs: 77 }])
    bench.core.due(timer)
    const actions = bench.run()
    expect(sent(actions)).toMatchObject([{ kind: 'error', code: 4408 }])
    expect(find(actions, 'close')).toMatchObject({ code: 4408 })
    bench.core.due(timer)
    expect(bench.run()).toEqual([])
  })

  test.each([
    ['data', 'x', 4400],
    ['an empty message', '', 4400],
    ['an ACK', '\u0010A0,0', 4400],
    ['a WELCOME-like text', '\u0010W{}', 4400],
    ['a malformed HELLO', '\u0010H{"v":[1]}', 4400],
    ['too much', `\u0010H${' '.repeat(20_000)}`, 4408],
    ['another version', encodeControl({ ...hello, v: [2] }), 4400],
  ])('refuses %s and touches no session', (_, text, code) => {
    const bench = new Bench()
    bench.live(1)
    bench.open(2)
    const actions = bench.text(2, text)
    expect(sent(actions)).toMatchObject([{ kind: 'error', code }])
    expect(find(actions, 'close')).toMatchObject({ connection: 2, code })
    expect(find(actions, 'disarm')?.timer).toEqual({ name: 'hello', connection: 2 })
    expect([bench.text(2, text), bench.session.state]).toEqual([[], 'attached'])
  })

  test('refuses binary data too', () => {
    const bench = new Bench()
    bench.open(1)
    bench.core.binary(1, Uint8Array.of(1))
    expect(sent(bench.run())).toMatchObject([{ kind: 'error', code: 4400 }])
  })

  test('ignores a connection it does not know', () => {
    const bench = new Bench()
    bench.core.binary(9, Uint8Array.of(1))
    bench.core.authenticated(9, { kind: 'rejected', code: 4401 })
    bench.core.reauthenticated(9, { principal: null })
    bench.core.reject(9, { code: 4503 })
    bench.core.due({ name: 'hello', connection: 9 })
    bench.core.due({ name: 'ttl', sid: 'nobody' })
    expect([...bench.text(9, 'x'), ...bench.closed(9)]).toEqual([])
    expect(bench.core.sessionOf(9)).toBeUndefined()
  })
})

describe('authenticating', () => {
  test('asks who it is, with a time limit of its own', () => {
    const bench = new Bench()
    bench.open(1)
    const actions = bench.frame(1, { ...hello, auth: { ticket: 1 } })
    expect(types(actions)).toEqual(['arm', 'authenticate'])
    expect(find(actions, 'authenticate')?.hello).toHaveProperty('auth.ticket', 1)
    bench.core.due({ name: 'hello', connection: 1 })
    expect(sent(bench.run())).toMatchObject([{ kind: 'error', code: 4408 }])
    expect(bench.let(1)).toEqual([])
  })

  test('passes a refusal on', () => {
    const bench = new Bench()
    bench.open(1)
    bench.frame(1, hello)
    bench.core.authenticated(1, { kind: 'rejected', code: 4429, retryMs: 5, message: 'busy' })
    expect(sent(bench.run())).toEqual([{ kind: 'error', code: 4429, retry: 5, msg: 'busy' }])
  })

  test.each([
    ['data', 'x'],
    ['a second HELLO', encodeControl(hello)],
  ])('refuses %s that comes too early', (_, text) => {
    const bench = new Bench()
    bench.open(1)
    bench.frame(1, hello)
    expect(sent(bench.text(1, text))).toMatchObject([{ kind: 'error', code: 4400 }])
    expect([bench.let(1), bench.store.size]).toEqual([[], 0])
  })

  test('forgets a connection that goes meanwhile', () => {
    const bench = new Bench()
    bench.open(1)
    bench.frame(1, hello)
    bench.closed(1)
    expect([bench.let(1), bench.store.size]).toEqual([[], 0])
  })
})

describe('attaching', () => {
  test('welcomes to a new session and shows it to the application when the first frame confirms it', () => {
    const bench = new Bench({ proto: ['chat', 'news'] })
    const actions = bench.join(1, { proto: ['other', 'news', 'chat'], ext: ['auth', 'later'] })
    expect(sent(actions)).toMatchObject([
      {
        kind: 'welcome',
        sid: 's1',
        tok: 't1',
        res: false,
        rx: 0,
        ack: 0,
        ext: ['auth'],
        proto: 'news',
      },
      { kind: 'ack', ack: 0, tx: 0 },
    ])
    expect(types(actions)).not.toContain('opened')
    expect(bench.session.state).toBe('unconfirmed')
    expect(find(bench.frame(1, { kind: 'ack', ack: 0, tx: 0 }), 'opened')).toMatchObject({
      sid: 's1',
      principal: 'ada',
      proto: 'news',
    })
    expect([bench.session.state, bench.session.connection]).toEqual(['attached', 1])
    expect(types(bench.frame(1, { kind: 'ack', ack: 0, tx: 0 }))).not.toContain('opened')
  })

  test('says how long the credentials hold, where that is known', () => {
    const bench = new Bench()
    bench.open(1)
    bench.frame(1, hello)
    bench.core.authenticated(1, {
      kind: 'known',
      principal: null,
      presentedHash: null,
      freshSid: 's1',
      freshToken: 't1',
      freshTokenHash: '#t1',
      expiresMs: 60_000,
    })
    expect(sent(bench.run())).toMatchObject([{ kind: 'welcome', exp: 60_000 }, { kind: 'ack' }])
  })

  test('starts a new session at zero, whatever the HELLO counts', () => {
    const bench = new Bench()
    const actions = bench.join(1, { sid: 'gone', tok: 'x', rx: 9, ack: 9 })
    expect(sent(actions)).toMatchObject([
      { res: false, lost: 'unknown', rx: 0, ack: 0 },
      { kind: 'ack', ack: 0, tx: 0 },
    ])
  })

  test('resumes: WELCOME, ACK, what was lost, in this order', () => {
    const bench = new Bench()
    bench.live()
    bench.text(1, 'a')
    bench.offer('x')
    bench.offer('y')
    bench.closed(1)
    bench.offer('z')
    const actions = bench.join(2, { sid: 's1', tok: 't1', att: 2, rx: 1, ack: 1 })
    expect(sent(actions)).toMatchObject([
      { kind: 'welcome', tok: 't2', res: true, rx: 1, ack: 1 },
      { kind: 'ack', ack: 1, tx: 1 },
      'y',
      'z',
    ])
    expect(find(actions, 'acked')).toMatchObject({ sid: 's1', upTo: 1 })
    expect(find(actions, 'attached')).toEqual({ type: 'attached', sid: 's1', connection: 2 })
    expect(actions).toContainEqual({ type: 'disarm', timer: { name: 'ttl', sid: 's1' } })
  })

  test('shows a session that was never confirmed when a HELLO names it', () => {
    const bench = new Bench()
    bench.join(1)
    bench.closed(1)
    expect(types(bench.join(2, { sid: 's1', tok: 't1', att: 2 }))).toContain('opened')
  })

  test('cuts the old connection off before it reads the counts, and hears it no more', () => {
    const bench = new Bench()
    bench.live()
    bench.text(1, 'a')
    const actions = bench.join(2, { sid: 's1', tok: 't1', att: 2 })
    expect(sent(actions, 1)).toEqual([{ kind: 'error', code: 4409 }])
    expect(find(actions, 'close')).toEqual({ type: 'close', connection: 1, code: 4409, reason: 'superseded' })
    expect(sent(actions, 2)[0]).toMatchObject({ kind: 'welcome', rx: 1 })
    expect(types(actions).indexOf('detached')).toBeLessThan(types(actions).indexOf('attached'))
    expect([...bench.text(1, 'late'), ...bench.closed(1)]).toEqual([])
    expect(bench.session.connection).toBe(2)
  })

  test('turns a stale attempt away, and only that connection', () => {
    const bench = new Bench()
    bench.live(1, { att: 5 })
    const actions = bench.join(2, { sid: 's1', tok: 't1', att: 5 })
    expect(sent(actions)).toMatchObject([{ kind: 'error', code: 4412, att: 5 }])
    expect(bench.session.connection).toBe(1)
  })

  test.each([
    ['token', { tok: 'guess' }, 'ada'],
    ['principal', { tok: 't1' }, 'eve'],
  ])(
    'gives who cannot show its %s a new session, raises an alarm and leaves the session alone',
    (reason, change, principal) => {
      const bench = new Bench()
      bench.live()
      const actions = bench.join(2, { sid: 's1', att: 9, ...change }, principal)
      expect(sent(actions, 2)).toMatchObject([{ res: false, lost: reason }, { kind: 'ack' }])
      expect(find(actions, 'alarm')).toEqual({ type: 'alarm', sid: 's1', reason })
      expect(sent(actions, 1)).toEqual([])
      expect(bench.session.connection).toBe(1)
    },
  )

  test('ends a session that has diverged and hands its messages to the application', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('x')
    const actions = bench.join(2, { sid: 's1', tok: 't1', att: 2, rx: 5 })
    expect(sent(actions, 1)).toMatchObject([{ kind: 'error', code: 4410, end: true, lost: 'diverged' }])
    expect(sent(actions, 2)).toMatchObject([{ res: false, lost: 'diverged' }, { kind: 'ack' }])
    expect(payloads(find(actions, 'ended')?.handBack.uncertain ?? [])).toEqual(['x'])
  })

  test('refuses when there is no room, and ends what has to make room', () => {
    const bench = new Bench({ ttlMs: 60 }, { maxPerPrincipal: 1 })
    bench.live()
    expect(sent(bench.join(2))).toMatchObject([{ kind: 'error', code: 4429, retry: 60 }])
    bench.closed(1)
    const actions = bench.join(3)
    expect(find(actions, 'ended')).toMatchObject({ sid: 's1', reason: 'expired' })
    expect(sent(actions)).toMatchObject([{ kind: 'welcome' }, { kind: 'ack' }])
  })

  test('keeps a session that was attached to a connection that has gone meanwhile', () => {
    const bench = new Bench()
    bench.live()
    bench.open(2)
    bench.frame(2, { ...hello, sid: 's1', tok: 't1', att: 2 })
    bench.core.authenticated(2, {
      kind: 'known',
      principal: 'ada',
      presentedHash: '#t1',
      freshSid: 's9',
      freshToken: 't9',
      freshTokenHash: '#t9',
    })
    const asked = find(drain(bench.core), 'attach')
    if (asked === undefined) throw new Error('not asked')
    bench.core.closed(2)
    bench.core.attached(2, bench.store.attach(asked.request))
    const actions = bench.run()
    expect(sent(actions)).toEqual([{ kind: 'error', code: 4409 }])
    expect(actions).toContainEqual({ type: 'arm', timer: { name: 'ttl', sid: 's1' }, delayMs: 300_000 })
    expect([bench.session.state, [...bench.store.records()][0]?.place]).toEqual(['detached', 'detached'])
    bench.core.attached(7, { kind: 'stale', attempt: 1 })
    bench.core.attached(7, { kind: 'full', displaced: [] })
    expect(bench.run()).toEqual([])
  })

  test('ends the session when a store attached it in spite of its counts', () => {
    const bench = new Bench()
    bench.live()
    bench.open(2)
    bench.frame(2, { ...hello, sid: 's1', tok: 't1', att: 2, rx: 8, ack: 8 })
    const [record] = bench.store.records()
    if (record === undefined) throw new Error('no record')
    bench.core.authenticated(2, {
      kind: 'known',
      principal: 'ada',
      presentedHash: '#t1',
      freshSid: 's9',
      freshToken: 't9',
      freshTokenHash: '#t9',
    })
    drain(bench.core)
    bench.core.attached(2, { kind: 'resumed', record })
    const actions = bench.run()
    expect(sent(actions, 2)).toMatchObject([
      { kind: 'welcome' },
      { kind: 'error', end: true, lost: 'diverged' },
    ])
    expect(find(actions, 'ended')).toMatchObject({ reason: 'diverged' })
  })
})

describe('attached', () => {
  test('delivers text, escaped text and binary, with a size from outside where it is known', () => {
    const bench = new Bench()
    bench.live()
    bench.core.text(1, '\u0010\u0010a', 3)
    bench.core.binary(1, Uint8Array.of(5))
    expect(bench.run().filter(({ type }) => type === 'deliver')).toEqual([
      { type: 'deliver', sid: 's1', number: 1, payload: '\u0010a' },
      { type: 'deliver', sid: 's1', number: 2, payload: Uint8Array.of(5) },
    ])
  })

  test('numbers what the application sends, sends within the window, and frees on acknowledgement', () => {
    const bench = new Bench()
    bench.live(1, { max: 10, win: [1, 10] })
    expect(bench.session.maxBytes).toBe(10)
    expect(sent(bench.offer('x')[1])).toEqual(['x'])
    expect(bench.offer('y')).toEqual([2, []])
    expect(bench.offer('x'.repeat(11))).toEqual(['too-large', []])
    expect(bench.session.held).toEqual({ messages: 2, bytes: 2 })
    const actions = bench.frame(1, { kind: 'ack', ack: 1, tx: 0 })
    expect(sent(actions)).toEqual(['y'])
    expect(find(actions, 'acked')).toMatchObject({ upTo: 1 })
  })

  test('acknowledges by timer, or when the application is done', () => {
    const bench = new Bench({ ackMode: 'handled' })
    bench.live()
    for (const text of ['a', 'b', 'c']) bench.text(1, text)
    bench.session.settle(1)
    expect(bench.run()).toEqual([{ type: 'arm', timer: { name: 'ack', sid: 's1' }, delayMs: 200 }])
    bench.core.due({ name: 'ack', sid: 's1' })
    expect(sent(bench.run())).toEqual([{ kind: 'ack', ack: 1, tx: 0 }])
    bench.session.settle(3)
    bench.session.settle(2)
    expect(sent(bench.run())).toEqual([{ kind: 'ack', ack: 3, tx: 0 }])
  })

  test('looks at the buffer of the socket again when it is full', () => {
    const bench = new Bench({ highWaterBytes: 4 })
    bench.live()
    bench.offer('abc')
    expect(bench.offer('def')[1]).toEqual([{ type: 'arm', timer: { name: 'drain', sid: 's1' }, delayMs: 50 }])
    bench.core.due({ name: 'drain', sid: 's1' }, 0)
    expect(sent(bench.run())).toEqual(['def'])
    bench.offer('ghi')
    bench.session.buffered(0)
    expect(sent(bench.run())).toEqual(['ghi'])
  })

  test('pings, answers pings, reports pongs, and says GOAWAY', () => {
    const bench = new Bench()
    bench.live()
    bench.session.ping(5)
    bench.session.goAway({ afterMs: 1, spreadMs: 2 })
    expect(sent(bench.run())).toMatchObject([{ kind: 'ping', n: 5 }, { kind: 'goaway' }])
    expect(find(bench.frame(1, { kind: 'pong', ack: 0, tx: 0, n: 5 }), 'pong')).toEqual({
      type: 'pong',
      sid: 's1',
      value: 5,
    })
    expect(sent(bench.frame(1, { kind: 'ping', ack: 0, tx: 0, n: 6 }))).toMatchObject([
      { kind: 'pong', n: 6 },
    ])
    bench.closed(1)
    bench.session.goAway({ afterMs: 1, spreadMs: 2 })
    bench.session.ping(7)
    expect(bench.run()).toEqual([])
  })

  test('checks fresh credentials, and lets go of a connection that brings somebody else’s', () => {
    const bench = new Bench()
    bench.join(1, { ext: ['auth'] })
    const actions = bench.frame(1, { kind: 'refresh', auth: 'ticket' })
    expect(find(actions, 'reauthenticate')).toEqual({
      type: 'reauthenticate',
      connection: 1,
      sid: 's1',
      auth: 'ticket',
    })
    expect(types(actions)).toContain('opened')
    bench.core.reauthenticated(1, { principal: 'ada', expiresMs: 9 })
    bench.core.reauthenticated(1, { principal: 'ada' })
    expect(sent(bench.run())).toEqual([{ kind: 'expiry', exp: 9 }])
    bench.core.reauthenticated(1, { principal: 'eve' })
    expect(sent(bench.run())).toMatchObject([{ kind: 'error', code: 4403 }])
    expect(bench.session.state).toBe('detached')
    bench.core.reauthenticated(1, { principal: 'ada' })
    expect(bench.run()).toEqual([])
    bench.live(2, { sid: 's1', tok: 't1', att: 2 })
    bench.core.reauthenticated(2, { kind: 'rejected', code: 4401 })
    expect(sent(bench.run())).toMatchObject([{ kind: 'error', code: 4401 }])
  })

  test.each([
    ['desync', 4400, '\u0010A0,1'],
    ['badack', 4400, '\u0010A2,0'],
    ['desync', 4400, '\u0010Q0,5,1'],
    ['protocol', 4400, '\u0010'],
    ['protocol', 4400, encodeControl(hello)],
    ['protocol', 4400, '\u0010G{"after":0,"spread":0}'],
  ] as const)(
    'ends the session with %s (%i) on a wrong frame, gives its messages back, and disturbs no other',
    (reason, code, text) => {
      const bench = new Bench()
      bench.live(1)
      bench.live(2)
      bench.offer('x')
      const actions = bench.text(1, text)
      expect(sent(actions)).toMatchObject([{ kind: 'error', code, end: true, lost: reason }])
      expect(sent(actions)[0]).not.toHaveProperty('lrx')
      expect(find(actions, 'close')).toMatchObject({ connection: 1, code })
      expect(payloads(find(actions, 'ended')?.handBack.uncertain ?? [])).toEqual(['x'])
      expect(find(actions, 'pong')).toBeUndefined()
      expect([...bench.core.sessions()].map(({ sid }) => sid)).toEqual(['s2'])
      expect(sent(bench.join(3, { sid: 's1', tok: 't1', att: 2 }))).toMatchObject([{ lost: reason }, {}])
    },
  )

  test('ends the session when a message is too large, with its number and the counts', () => {
    const bench = new Bench()
    bench.live()
    bench.text(1, 'a')
    expect(sent(bench.text(1, 'x'.repeat(101)))).toMatchObject([
      { kind: 'error', code: 4413, end: true, lost: 'too-large', n: 2, lack: 1, lrx: 1 },
    ])
  })

  test('ends the session when more comes than the window allows', () => {
    const bench = new Bench({ ackMode: 'handled' })
    bench.live()
    const actions = 'abcde'.split('').flatMap((text) => bench.text(1, text))
    expect(actions.filter(({ type }) => type === 'deliver')).toHaveLength(4)
    expect(sent(actions)).toMatchObject([{ kind: 'error', code: 4400, end: true, lost: 'protocol' }])
  })

  test('ends the session when too much waits for the client, and hands it back', () => {
    const bench = new Bench({ bounds: { maxMessages: 2, maxBytes: 10 } })
    bench.live()
    bench.offer('x')
    bench.closed(1)
    bench.offer('y')
    const [answer, actions] = bench.offer('z')
    expect(answer).toBe('overflow')
    const ended = find(actions, 'ended')
    expect(ended).toMatchObject({ reason: 'overflow' })
    expect([payloads(ended?.handBack.uncertain ?? []), payloads(ended?.handBack.undelivered ?? [])]).toEqual([
      ['x'],
      ['y'],
    ])
    expect(bench.offer('z')[0]).toBeUndefined()
  })

  test('counts bytes against its bound too', () => {
    const bench = new Bench({ bounds: { maxMessages: 9, maxBytes: 3 } })
    bench.live()
    expect([bench.offer('xx')[0], bench.offer('yy')[0]]).toEqual([1, 'overflow'])
  })
})

describe('detached', () => {
  test('keeps the session for its time, tells the application, then ends it', () => {
    const bench = new Bench({ ttlMs: 40 })
    bench.live()
    const actions = bench.closed(1)
    expect(find(actions, 'detached')).toEqual({ type: 'detached', sid: 's1', connection: 1 })
    expect(actions).toContainEqual({ type: 'arm', timer: { name: 'ttl', sid: 's1' }, delayMs: 40 })
    bench.core.due({ name: 'ttl', sid: 's1' })
    expect(find(bench.run(), 'ended')).toMatchObject({ reason: 'expired' })
    expect([bench.store.size, [...bench.core.sessions()]]).toEqual([0, []])
  })

  test('says nothing of a session that was never confirmed', () => {
    const bench = new Bench()
    bench.join(1)
    expect(types(bench.closed(1))).not.toContain('detached')
    bench.core.due({ name: 'ttl', sid: 's1' })
    expect(types(bench.run())).not.toContain('ended')
    expect(bench.store.size).toBe(0)
  })

  test('is where a bound connection leaves its session when it is turned away', () => {
    const bench = new Bench()
    bench.live()
    bench.core.reject(1, { code: 4503, retryMs: 100 })
    const actions = bench.run()
    expect(sent(actions)).toEqual([{ kind: 'error', code: 4503, retry: 100 }])
    expect(bench.session.state).toBe('detached')
  })

  test('does not expire while attached', () => {
    const bench = new Bench()
    bench.live()
    bench.core.due({ name: 'ttl', sid: 's1' })
    bench.core.due({ name: 'bye', sid: 's1' })
    expect([bench.run(), bench.session.state]).toEqual([[], 'attached'])
  })

  test('is where a session is found again after a restart', () => {
    const before = new Bench()
    before.live()
    before.join(2)
    const bench = new Bench()
    bench.store.restore(structuredClone([...before.store.records()]))
    for (const record of bench.store.records()) bench.core.restored(record)
    const actions = bench.run()
    expect(actions.filter(({ type }) => type === 'opened')).toHaveLength(1)
    expect(actions.filter(({ type }) => type === 'arm')).toHaveLength(2)
    expect(sent(bench.join(3, { sid: 's1', tok: 't1', att: 2 }))).toMatchObject([{ res: true }, {}])
  })
})

describe('leaving and ended', () => {
  test('a BYE of the client is answered and ends the session with exact fates', () => {
    const bench = new Bench()
    bench.live()
    for (const text of 'xyz') bench.offer(text)
    bench.text(1, 'a')
    const actions = bench.frame(1, { kind: 'bye', code: 4000, ack: 1, rx: 2 })
    expect(sent(actions)).toEqual([{ kind: 'bye', code: 4000, ack: 1, rx: 1 }])
    expect(find(actions, 'close')).toMatchObject({ code: 4000 })
    const { delivered, uncertain, undelivered } = find(actions, 'ended')?.handBack ?? {
      delivered: [],
      uncertain: [],
      undelivered: [],
    }
    expect([delivered, uncertain, undelivered].map(payloads)).toEqual([['x'], ['y'], ['z']])
  })

  test('leave says BYE, ends in the store at once, drops what still comes, and ends with the answer', () => {
    const bench = new Bench({ byeTimeoutMs: 30 })
    bench.live()
    bench.offer('x')
    bench.session.leave(4321)
    const actions = bench.run()
    expect(sent(actions)).toEqual([{ kind: 'bye', code: 4321, ack: 0, rx: 0 }])
    expect(actions).toContainEqual({ type: 'arm', timer: { name: 'bye', sid: 's1' }, delayMs: 30 })
    expect([bench.store.size, bench.session.state, bench.offer('y')[0]]).toEqual([0, 'leaving', 'ended'])
    bench.session.leave(4321)
    expect([...bench.run(), ...bench.text(1, 'late'), ...bench.text(1, '\u0010A0,7')]).toEqual([])
    const answer = bench.frame(1, { kind: 'bye', code: 4000, ack: 1, rx: 1 })
    expect(sent(answer)).toEqual([])
    expect(payloads(find(answer, 'ended')?.handBack.delivered ?? [])).toEqual(['x'])
  })

  test.each([
    ['the connection goes', (bench: Bench) => bench.closed(1)],
    ['the time is over', (bench: Bench) => (bench.core.due({ name: 'bye', sid: 's1' }), bench.run())],
  ])('leave ends unanswered when %s', (_, interrupt) => {
    const bench = new Bench()
    bench.live()
    bench.offer('x')
    bench.session.leave(4000)
    bench.run()
    expect(payloads(find(interrupt(bench), 'ended')?.handBack.uncertain ?? [])).toEqual(['x'])
    expect(bench.core.session('s1')).toBeUndefined()
  })

  test('leave without a connection ends at once, and the client is told when it comes', () => {
    const bench = new Bench()
    bench.live()
    bench.text(1, 'a')
    bench.closed(1)
    const { session } = bench
    session.leave(4000)
    expect(find(bench.run(), 'ended')).toMatchObject({ reason: 'ended' })
    session.leave(4000)
    session.end('ended')
    expect([bench.run(), session.state, session.offer(note('x'))]).toEqual([[], 'ended', 'ended'])
    expect(sent(bench.join(2, { sid: 's1', tok: 't1', att: 2 }))).toMatchObject([
      { lost: 'ended', lack: 1, lrx: 1 },
      {},
    ])
  })

  test('end tells the client at once', () => {
    const bench = new Bench()
    bench.live()
    bench.session.end('ended')
    expect(sent(bench.run())).toEqual([
      { kind: 'error', code: 4410, end: true, lost: 'ended', lack: 0, lrx: 0 },
    ])
  })

  test('an ERROR of the client ends the session, with fates as far as its counts go', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('x')
    const actions = bench.frame(1, {
      kind: 'error',
      code: 4413,
      end: true,
      lost: 'too-large',
      lack: 0,
      lrx: 0,
    })
    const ended = find(actions, 'ended')
    expect(ended).toMatchObject({ reason: 'too-large' })
    expect(payloads(ended?.handBack.undelivered ?? [])).toEqual(['x'])
  })

  test('an ERROR of the client that spoils its counts leaves everything uncertain', () => {
    const bench = new Bench()
    bench.live()
    bench.offer('x')
    const actions = bench.frame(1, {
      kind: 'error',
      code: 4400,
      end: true,
      lost: 'desync',
      lack: 1,
      lrx: 1,
    })
    expect(payloads(find(actions, 'ended')?.handBack.uncertain ?? [])).toEqual(['x'])
  })

  test('an ERROR of the client without end costs the connection only', () => {
    const bench = new Bench()
    bench.live()
    const actions = bench.frame(1, { kind: 'error', code: 4400 })
    expect(types(actions)).toContain('close')
    expect(bench.session.state).toBe('detached')
    const other = new Bench()
    other.live()
    expect(find(other.frame(1, { kind: 'error', code: 4400, end: true }), 'ended')).toMatchObject({
      reason: 'ended',
    })
  })
})

describe('server options', () => {
  test.each([
    [{ ttlMs: -1 }, /ttlMs: a whole number from 0 to 604800000 is needed, received -1/],
    [{ pingMs: 999 }, /pingMs: 0, or at least 1000 is needed, received 999/],
    [{ idleMs: 0.5 }, /idleMs: .* received 0.5/],
    [{ spreadMs: 3_600_001 }, /spreadMs: .* received 3600001/],
    [{ highWaterBytes: 0 }, /highWaterBytes: at least 1 is needed, received 0/],
    [{ limits: { ...limits, windowMessages: 0 } }, /windowMessages: .* received 0/],
  ])('%j is refused by name, bound and value', (options, message) => {
    expect(() => new ServerCore(options)).toThrow(RangeError)
    expect(() => new ServerCore(options)).toThrow(message)
  })

  test('all have defaults', () => {
    expect(new ServerCore().next()).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isHoldfastError } from '../src/index.ts'
import {
  byField,
  isRequestError,
  jsonRpc,
  request,
  requests,
  type RequestOptions,
} from '../src/request/index.ts'
import { nothingHeld, openedWorld, openWorld, type World } from './world.ts'

interface Sent {
  readonly id: number
  readonly n: number
}

const sentTo = ({ server }: World): Sent[] =>
  server.sockets.flatMap(({ received }) => received.map((text) => JSON.parse(String(text)) as Sent))

/** Answers every request at once, with twice its `n`. */
function doubling({ server }: World): void {
  server.onConnection((socket) =>
    socket.onMessage((text) => {
      const { id, n } = JSON.parse(String(text)) as Sent
      socket.send(JSON.stringify({ id, result: n * 2 }))
    }),
  )
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (answer) => ({ answer }),
    (error: unknown) => (isRequestError(error) ? { code: error.code, sent: error.sent } : { error }),
  )

describe('a request', () => {
  it('gets the answer with its number, whatever the order of the answers', async () => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock })
    const answers = [1, 2, 3].map((n) => api.request({ n }))
    await world.clock.advance(0)
    for (const { id, n } of sentTo(world).reverse()) {
      world.server.last.send(JSON.stringify({ id, result: n * 2 }))
    }
    await world.clock.advance(0)
    expect((await Promise.all(answers)).map(({ result }) => result)).toEqual([2, 4, 6])
    expect(api.pending).toBe(0)
  })

  it('waits for a connection, and its answer is an ordinary message as well', async () => {
    const world = openWorld()
    doubling(world)
    const answer = request<{ result: number }>(world.session, { n: 4 })
    await world.clock.advance(0)
    expect((await answer).result).toBe(8)
    expect(world.messages).toEqual(['{"id":1,"result":8}'])
    world.session.dispose()
  })

  it('of the same session uses the same listeners, and no number twice', async () => {
    const world = await openedWorld()
    const one = requests(world.session, { clock: world.clock })
    const other = requests(world.session, { clock: world.clock })
    const before = world.session.resources.listeners
    const all = Array.from({ length: 50 }, (_, n) => (n % 2 ? one : other).request({ n }))
    expect(world.session.resources.listeners).toBe(before)
    await world.clock.advance(0)
    expect(new Set(sentTo(world).map(({ id }) => id)).size).toBe(50)
    world.session.dispose()
    expect(new Set((await Promise.all(all.map(outcome))).map((end) => 'code' in end && end.code))).toEqual(
      new Set(['closed']),
    )
  })

  it('rejects with what the server says went wrong', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 })
    world.server.last.send('{"id":1,"error":{"code":7}}')
    await world.clock.advance(0)
    await expect(answer).rejects.toMatchObject({ code: 'request-failed', sent: 'yes', cause: { code: 7 } })
  })

  it('leaves messages alone that are no answers', async () => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock })
    const answer = api.request({ n: 1 })
    for (const text of ['{"id":', 'id', '[{"id":1}]', '{"id":"1"}', '{"id":99}', '{}', 'null', '"id"']) {
      world.server.last.send(text)
    }
    world.server.last.send(new ArrayBuffer(4))
    await world.clock.advance(0)
    expect([api.pending, world.messages.length, world.errors]).toEqual([1, 9, []])
    world.server.last.send(' {"id":1}')
    await world.clock.advance(0)
    expect(await answer).toEqual({ id: 1 })
  })
})

describe('a lost connection', () => {
  it('rejects what went out with it: the server may have it', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 })
    world.server.last.cut()
    await world.clock.advance(0)
    expect(await outcome(answer)).toEqual({ code: 'connection-lost', sent: 'maybe' })
  })

  it('leaves alone what waits in the queue', async () => {
    const world = await openedWorld()
    doubling(world)
    world.server.last.cut()
    await world.clock.advance(0)
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 })
    await world.clock.advance(2_000)
    expect((await answer).result).toBe(2)
  })

  it('sends a request again, under its number, that may be sent twice', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request(
      { n: 5 },
      { retryOnReconnect: true },
    )
    await world.clock.advance(0)
    doubling(world)
    world.server.last.cut()
    await world.clock.advance(2_000)
    expect((await answer).result).toBe(10)
    expect(sentTo(world)).toEqual([
      { n: 5, id: 1 },
      { n: 5, id: 1 },
    ])
  })

  it('inside the very send is noticed as well', async () => {
    const world = await openedWorld()
    world.session.once('sent', () => world.session.reconnect())
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 })
    await world.clock.advance(0)
    expect(await outcome(answer)).toEqual({ code: 'connection-lost', sent: 'maybe' })
  })
})

describe('the deadline', () => {
  it('runs through reconnects', async () => {
    const world = await openedWorld()
    const startedAt = world.clock.now()
    const answer = requests(world.session, { clock: world.clock, timeoutMs: 5_000 }).request(
      { n: 1 },
      { retryOnReconnect: true },
    )
    const end = outcome(answer).then((value) => ({ ...value, afterMs: world.clock.now() - startedAt }))
    for (let n = 0; n < 6; n += 1) {
      await world.clock.advance(900)
      world.server.last.cut()
    }
    await world.clock.advance(0)
    expect(await end).toEqual({ code: 'timeout', sent: 'maybe', afterMs: 5_000 })
  })

  it('takes back what never left the queue, and then the server certainly has nothing', async () => {
    const world = openWorld({ server: { onDial: () => 'refuse' } })
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 }, { timeoutMs: 100 })
    await world.clock.advance(100)
    expect(await outcome(answer)).toEqual({ code: 'timeout', sent: 'no' })
    expect(world.session.queue.size).toBe(0)
  })

  it('that comes late, as after sleep, lets an answer be read first that is there already', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 }, { timeoutMs: 1_000 })
    await world.clock.advance(0)
    world.clock.jump(60_000)
    world.server.last.send('{"id":1}')
    await world.clock.advance(0)
    expect(await answer).toEqual({ id: 1 })
  })

  it('of many requests needs one timer, and none once all are answered', async () => {
    const world = await openedWorld({ heartbeat: false, backoff: { stableAfterMs: 0 } })
    doubling(world)
    const api = requests(world.session, { clock: world.clock })
    const before = world.clock.pending
    const waiting = Array.from({ length: 100 }, (_, n) => api.request({ n }, { timeoutMs: 1_000 + n }))
    expect(world.clock.pending - before).toBe(101) // 100 messages under way, and the timer
    await world.clock.advance(1_050)
    expect(api.pending).toBe(49)
    await world.clock.advance(100)
    expect([api.pending, world.clock.pending]).toEqual([0, before])
    const ends = await Promise.all(waiting.map(outcome))
    expect(ends.every((end) => 'code' in end && end.code === 'timeout')).toBe(true)
  })

  it('leaves no timer behind when the last answer has come', async () => {
    const world = await openedWorld({ heartbeat: false, backoff: { stableAfterMs: 0 } })
    const api = requests(world.session, { clock: world.clock })
    const answers = [api.request({ n: 1 }), api.request({ n: 2 })]
    world.server.last.send('{"id":1}')
    world.server.last.send('{"id":2}')
    await world.clock.advance(0)
    await Promise.all(answers)
    expect(world.clock.pending).toBe(0)
  })

  it('can be left out', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request({ n: 1 }, { timeoutMs: Infinity })
    await world.clock.advance(86_400_000)
    world.server.last.send('{"id":1}')
    await world.clock.advance(0)
    expect(await answer).toEqual({ id: 1 })
  })
})

describe('a signal', () => {
  it('takes a waiting request back and rejects with its reason', async () => {
    const world = openWorld()
    const controller = new AbortController()
    const answer = requests(world.session, { clock: world.clock }).request(
      { n: 1 },
      { signal: controller.signal },
    )
    controller.abort('enough')
    await expect(answer).rejects.toBe('enough')
    await world.clock.advance(0)
    expect(sentTo(world)).toEqual([])
  })

  it('that aborted before sends nothing', async () => {
    const world = await openedWorld()
    const answer = requests(world.session, { clock: world.clock }).request(
      { n: 1 },
      { signal: AbortSignal.abort('before') },
    )
    await expect(answer).rejects.toBe('before')
    await world.clock.advance(0)
    expect(sentTo(world)).toEqual([])
  })

  it('is not listened to once the request is settled', async () => {
    const world = await openedWorld()
    doubling(world)
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const api = requests(world.session, { clock: world.clock })
    const answer = api.request({ n: 1 }, { signal: controller.signal })
    world.server.last.send('{"id":1}')
    await world.clock.advance(0)
    await answer
    expect(removed).toHaveBeenCalledTimes(1)
  })
})

describe('the end', () => {
  it('settles everything: what waited was certainly not sent, what was written may have arrived', async () => {
    const world = await openedWorld({ queue: { highWaterBytes: 1, lowWaterBytes: 0 } })
    const api = requests(world.session, { clock: world.clock })
    const written = outcome(api.request({ n: 1 }))
    world.session.pause()
    await world.clock.advance(0)
    const waiting = outcome(api.request({ n: 2 }))
    world.session.dispose()
    expect(await written).toEqual({ code: 'connection-lost', sent: 'maybe' })
    expect(await waiting).toEqual({ code: 'closed', sent: 'no' })
    expect(await outcome(api.request({ n: 3 }))).toEqual({ code: 'closed', sent: 'no' })
    expect(await outcome(request(world.session, { n: 4 }))).toEqual({ code: 'closed', sent: 'no' })
    expect(world.session.resources).toEqual(nothingHeld)
    expect(world.clock.pending).toBe(0)
  })

  it('by close() waits for nobody, so one waits for settled() first', async () => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock })
    await api.settled()
    const answer = api.request({ n: 1 })
    const closed = api.settled().then(() => world.session.close())
    await world.clock.advance(500)
    expect(world.session.state.name).toBe('open')
    world.server.last.send('{"id":1}')
    await world.clock.advance(100)
    expect(await answer).toEqual({ id: 1 })
    expect((await closed).cause.kind).toBe('closed')
    const late = await openedWorld()
    const lost = outcome(requests(late.session, { clock: late.clock }).request({ n: 1 }))
    void late.session.close()
    await late.clock.advance(3_000)
    expect(await lost).toEqual({ code: 'closed', sent: 'maybe' })
  })

  it('of the requests alone takes back what waits and leaves the session be', async () => {
    const world = openWorld()
    const before = world.session.resources.listeners
    const api = requests(world.session, { clock: world.clock })
    const end = outcome(api.request({ n: 1 }))
    api.dispose()
    api.dispose()
    expect(await end).toEqual({ code: 'closed', sent: 'no' })
    expect(world.session.queue.size).toBe(0)
    expect(world.session.resources.listeners).toBe(before)
    await world.clock.advance(0)
    expect(world.session.state.name).toBe('open')
  })

  it('inside the very send settles that request too', async () => {
    const world = await openedWorld()
    world.session.once('sent', () => world.session.dispose())
    const end = outcome(requests(world.session, { clock: world.clock }).request({ n: 1 }))
    expect(await end).toEqual({ code: 'closed', sent: 'maybe' })
  })
})

describe('a request that cannot be sent', () => {
  it('rejects with the reason of its receipt', async () => {
    const world = openWorld({ queue: { maxMessages: 1 } })
    const api = requests(world.session, { clock: world.clock })
    const first = outcome(api.request({ n: 1 }))
    const full = api.request({ n: 2 })
    await expect(full).rejects.toMatchObject({ code: 'not-sent', sent: 'no', cause: { code: 'queue-full' } })
    world.session.queue.clear()
    expect(await first).toEqual({ code: 'not-sent', sent: 'no' })
  })

  it('is one too many when maxPending wait', async () => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock, maxPending: 2 })
    const some = [api.request({ n: 1 }), api.request({ n: 2 })].map(outcome)
    expect(await outcome(api.request({ n: 3 }))).toEqual({ code: 'too-many-requests', sent: 'no' })
    api.dispose()
    await Promise.all(some)
  })

  it.each([
    [[], {}, /request: must be an object without a field id/],
    [{ id: 4 }, {}, /request: must be an object without a field id/],
    [{}, { timeoutMs: 0 }, /request\.timeoutMs: must be from 1 .*got 0/],
    [{}, { timeout: 5 }, /unknown option request\.timeout/],
    [{}, { signal: 5 }, /request\.signal\.addEventListener/],
    [{}, { retryOnReconnect: 1 }, /request\.retryOnReconnect: must be a boolean, got 1/],
  ])('fails at the call: %j %j', async (message, options, expected) => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock })
    expect(() => api.request(message, options as RequestOptions)).toThrow(expected)
    expect(api.pending).toBe(0)
  })

  it.each([
    [{ maxPending: 0 }, /requests\.maxPending: must be from 1 .*got 0/],
    [{ correlation: {} }, /requests\.correlation\.write: must be a function/],
    [{ clock: {} }, /requests\.clock\.now: must be a function/],
  ])('as do bad options: %j', (options, expected) => {
    const { session } = openWorld()
    expect(() => requests(session, options as never)).toThrow(expected)
    expect(() => byField('')).toThrow(/byField: must be the name of a field, got ""/)
  })
})

describe('other servers', () => {
  it('may use another field and say otherwise what went wrong', async () => {
    const world = await openedWorld()
    const correlation = byField('ref', { failure: ({ ok, why }) => (ok === false ? why : undefined) })
    const api = requests(world.session, { clock: world.clock, correlation })
    const [good, bad] = [api.request({ id: 'mine' }), api.request({ op: 'x' })]
    world.server.last.send('{"ref":1,"ok":true,"error":"no error"}')
    world.server.last.send('{"ref":2,"ok":false,"why":"so"}')
    await world.clock.advance(0)
    expect(await good).toEqual({ ref: 1, ok: true, error: 'no error' })
    await expect(bad).rejects.toMatchObject({ code: 'request-failed', cause: 'so' })
    expect(sentTo(world)[0]).toEqual({ id: 'mine', ref: 1 })
  })

  it('may speak JSON-RPC, and call back with numbers of their own', async () => {
    const world = await openedWorld()
    const api = requests(world.session, { clock: world.clock, correlation: jsonRpc() })
    const sum = api.request<number>({ method: 'sum', params: [1, 2] })
    world.server.last.send('{"jsonrpc":"2.0","id":1,"method":"server-asks"}')
    world.server.last.send('{"jsonrpc":"2.0","id":1,"result":3}')
    await world.clock.advance(0)
    expect(await sum).toBe(3)
    expect(sentTo(world)).toEqual([{ jsonrpc: '2.0', method: 'sum', params: [1, 2], id: 1 }])
  })

  it('may be binary', async () => {
    const world = await openedWorld()
    const api = requests<number, number>(world.session, {
      clock: world.clock,
      correlation: {
        write: (byte, id) => new Uint8Array([id, byte]),
        read(message) {
          if (typeof message === 'string') return undefined
          const [id, answer = 0] = new Uint8Array(message)
          return { id, answer }
        },
      },
    })
    const answer = api.request(7)
    world.server.last.send(new Uint8Array([1, 14]).buffer)
    await world.clock.advance(0)
    expect(await answer).toBe(14)
  })

  it('whose messages a correlation cannot read cost an error event and nothing else', async () => {
    const world = await openedWorld()
    const broken = {
      write: () => 'x',
      read() {
        throw new Error('unreadable')
      },
    }
    const api = requests(world.session, { clock: world.clock, correlation: broken })
    const end = outcome(api.request({}, { timeoutMs: 50 }))
    world.server.last.send('?')
    await world.clock.advance(50)
    expect(await end).toEqual({ code: 'timeout', sent: 'maybe' })
    expect(world.errors).toMatchObject([{ phase: 'handler', error: { message: 'unreadable' } }])
    expect(world.messages).toEqual(['?'])
  })
})

describe('whatever happens', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        retry: fc.boolean(),
        ms: fc.integer({ min: 1, max: 9_000 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(9) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'cut' as const,
          'freeze' as const,
          'pause' as const,
          'reconnect' as const,
          'clear' as const,
        ),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
    },
  )

  it('every request settles by its deadline, and "no" is never said of one that the server got', async () => {
    const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const world = openWorld({
        server: { latencyMs: 3 },
        heartbeat: { ping: () => 'ping', isPong: (m) => m === 'pong' },
      })
      const { clock, session, server } = world
      const api = requests(session, { clock })
      const ends: { readonly n: number; readonly lateMs: number; readonly end: object }[] = []
      let n = 0
      const seen = () =>
        server.sockets
          .flatMap(({ received }) => received)
          .filter((text) => text !== 'ping')
          .map((text) => JSON.parse(String(text)) as Sent)
      for (const one of steps) {
        if (one.do === 'ask') {
          const [mine, dueAt] = [(n += 1), clock.now() + one.ms]
          void outcome(api.request({ n: mine }, { timeoutMs: one.ms, retryOnReconnect: one.retry })).then(
            (end) => ends.push({ n: mine, end, lateMs: clock.now() - dueAt }),
          )
        } else if (one.do === 'answer') {
          const asked = seen().at(-1 - one.which)
          if (asked) server.last.send(JSON.stringify({ id: asked.id, n: asked.n }))
        } else if (one.do === 'wait') await clock.advance(one.ms)
        else if (one.do === 'clear') session.queue.clear()
        else if (one.do === 'pause' || one.do === 'reconnect') session[one.do]()
        else if (server.sockets.length > 0) server.last[one.do]()
      }
      await clock.advance(10_000)
      expect(ends.length).toBe(n)
      expect(api.pending).toBe(0)
      const got = new Set(seen().map((asked) => asked.n))
      for (const { n: mine, end, lateMs } of ends) {
        expect(lateMs).toBeLessThanOrEqual(0)
        if ('sent' in end && end.sent === 'no') expect(got.has(mine)).toBe(false)
        if ('answer' in end) expect(end.answer).toMatchObject({ n: mine })
      }
      session.dispose()
      await clock.advance(120_000) // a fake socket takes a minute to close, as in browsers
      expect([session.resources, clock.pending]).toEqual([nothingHeld, 0])
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), run), { numRuns: 150 })
  })

  it('errors are known across two copies of the package, and have no other code than documented', async () => {
    const { session } = openWorld()
    session.dispose()
    const error: unknown = await request(session, {}).catch((reason: unknown) => reason)
    expect([
      isHoldfastError(error, 'closed'),
      isRequestError({ holdfast: true, code: 'closed', sent: 'no' }),
    ]).toEqual([true, true])
    expect(isRequestError(new Error('other'))).toBe(false)
  })
})

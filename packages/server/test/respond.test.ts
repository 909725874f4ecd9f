import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../src/index.ts'
import { AnswerError, type RequestHandler, respond, type RespondOptions } from '../src/respond/index.ts'
import { Turns } from '../src/respond/turns.ts'
import { dial, next, running, until } from './running.ts'

/** A server that answers, a client, and what the server reported. */
async function answering(handler: RequestHandler, options: RespondOptions = {}) {
  const errors: unknown[] = []
  const others: unknown[] = []
  const { server, url } = await running({
    handler(connection) {
      respond(connection, handler, options)
      connection.on('message', (message) => others.push(message))
    },
  })
  server.on('error', ({ error }) => errors.push(error))
  const { socket, received } = await dial(url)
  const answers = async (count: number) => {
    while (received.length < count) await once(socket, 'message')
    return received.map(
      (text) => JSON.parse(String(text)) as { id: unknown; result?: unknown; error?: unknown },
    )
  }
  return {
    server,
    socket,
    errors,
    others,
    answers,
    ask: (message: object) => socket.send(JSON.stringify(message)),
  }
}

describe('respond', () => {
  test('answers each request with its id, and nothing else', async () => {
    const { socket, ask, answers, errors } = await answering(({ n }) =>
      n === undefined ? undefined : Number(n) * 2,
    )
    for (const noise of ['text', '{"n":1}', '[{"id":1}]', '{"id":', '{"id":{}}', '{"id":null}', ''])
      socket.send(noise)
    socket.send(JSON.stringify({ id: 'x'.repeat(257), n: 1 }))
    socket.send(Buffer.from('{"id":9,"n":1}'))
    ask({ id: 1, n: 4 })
    ask({ id: 'b', n: 5 })
    ask({ id: 0 })
    expect(await answers(3)).toEqual([
      { id: 1, result: 8 },
      { id: 'b', result: 10 },
      { id: 0, result: null },
    ])
    expect(errors).toEqual([])
  })

  test('speaks JSON-RPC to who does, with numbers for its own errors', async () => {
    const { ask, answers } = await answering(({ method }) => {
      if (method === 'deny') throw new AnswerError(-32_601, 'no such method', { method })
      if (method === 'fail') throw new Error('secret')
      return 'fine'
    })
    for (const [id, method] of ['good', 'deny', 'fail'].entries()) ask({ jsonrpc: '2.0', id, method })
    expect((await answers(3)).sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { jsonrpc: '2.0', id: 0, result: 'fine' },
      {
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32_601, message: 'no such method', data: { method: 'deny' } },
      },
      { jsonrpc: '2.0', id: 2, error: { code: -32_603, message: 'the request failed' } },
    ])
  })

  test('tells the client nothing of what went wrong, and the server everything', async () => {
    const { ask, answers, errors } = await answering(async ({ how }) => {
      if (how === 'cyclic') {
        const cycle: { self?: object } = {}
        cycle.self = cycle
        return cycle
      }
      if (how === 'bad-data') throw new AnswerError('told', 'with data that is no JSON', 5n)
      throw new Error('password=hunter2')
    })
    for (const [id, how] of ['throw', 'cyclic', 'bad-data'].entries()) ask({ id, how })
    const failed = { code: 'failed', message: 'the request failed' }
    expect((await answers(3)).map(({ error }) => error)).toEqual([failed, failed, failed])
    await until(() => errors.length === 3)
    expect(errors.map(String).sort()).toEqual([
      'Error: password=hunter2',
      expect.stringMatching(/^TypeError: .*circular/),
      expect.stringMatching(/^TypeError: .*BigInt/),
    ])
  })

  test('works on so many at a time, lets so many wait in order, and refuses the rest', async () => {
    const [started, finish]: [unknown[], (() => void)[]] = [[], []]
    const handler: RequestHandler = ({ id }) => {
      started.push(id)
      return new Promise((resolve) => finish.push(() => resolve('done')))
    }
    const { ask, answers } = await answering(handler, { maxConcurrent: 2, maxWaiting: 3 })
    for (let id = 0; id < 7; id += 1) ask({ id })
    expect(await answers(2)).toEqual(
      [5, 6].map((id) => ({ id, error: { code: 'busy', message: 'too many requests wait' } })),
    )
    expect(started).toEqual([0, 1])
    for (let n = 0; n < 5; n += 1) {
      await until(() => finish.length > n)
      finish[n]?.()
    }
    expect((await answers(7)).slice(2).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4])
    expect(started).toEqual([0, 1, 2, 3, 4])
  })

  test('answers with timeout what takes too long, tells the handler, and keeps its place until that is done', async () => {
    const reasons: unknown[] = []
    const handler: RequestHandler = async ({ id }, { signal }) => {
      if (id === 2) return 'second'
      await once(signal, 'abort')
      reasons.push((signal.reason as Error).name)
      throw signal.reason
    }
    const { ask, answers, errors } = await answering(handler, { maxConcurrent: 1, timeoutMs: 50 })
    ask({ id: 1 })
    ask({ id: 2 })
    expect(await answers(2)).toEqual([
      { id: 1, error: { code: 'timeout', message: 'the request took too long' } },
      { id: 2, result: 'second' },
    ])
    expect([reasons, errors]).toEqual([['TimeoutError'], []])
  })

  test('aborts what is under way when the client is gone, and starts nothing more for it', async () => {
    const [started, aborted]: [unknown[], unknown[]] = [[], []]
    const handler: RequestHandler = async ({ id }, { signal }) => {
      started.push(id)
      await once(signal, 'abort')
      aborted.push(id)
      signal.throwIfAborted()
    }
    const { server, socket, ask, errors } = await answering(handler, { maxConcurrent: 1 })
    ask({ id: 1 })
    ask({ id: 2 })
    await until(() => started.length === 1)
    socket.terminate()
    await until(() => aborted.length === 1 && server.connections.size === 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect([started, errors]).toEqual([[1], []])
  })

  test('does not abort what has been answered', async () => {
    const signals: AbortSignal[] = []
    const { server, socket, ask, answers } = await answering((_, { signal }) => void signals.push(signal))
    ask({ id: 1 })
    await answers(1)
    const ended = next(server, 'closed')
    socket.terminate()
    await ended
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })

  test('waits with the next request while the client does not read its answers', async () => {
    let done = 0
    const { url, server } = await running({
      highWaterMarkBytes: 16_384,
      pingIntervalMs: Infinity,
      handler: (connection) =>
        respond(
          connection,
          () => {
            done += 1
            return 'x'.repeat(262_144)
          },
          { maxConcurrent: 1 },
        ),
    })
    const { socket, received } = await dial(url)
    socket.pause()
    for (let id = 0; id < 100; id += 1) socket.send(JSON.stringify({ id }))
    let before = -1
    while (done !== before) {
      before = done
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(done).toBeLessThan(100)
    expect([...server.connections][0]?.bufferedBytes).toBeLessThan(2_000_000)
    socket.resume()
    while (received.length < 100) await once(socket, 'message')
    expect(done).toBe(100)
  })

  test('ends with the returned function, and does nothing for a connection that is over', async () => {
    const connections: Connection[] = []
    const { url, server } = await running({ handler: (connection) => void connections.push(connection) })
    const { socket } = await dial(url)
    await until(() => connections.length === 1)
    const [connection] = connections as [Connection]
    const asked: unknown[] = []
    const stop = respond(connection, ({ id }) => asked.push(id))
    stop()
    stop()
    const heard = new Promise((resolve) => connection.on('message', resolve))
    socket.send('{"id":1}')
    await heard
    const ended = next(server, 'closed')
    socket.terminate()
    await ended
    respond(connection, ({ id }) => asked.push(id))
    expect(asked).toEqual([])
  })

  test.each([
    [{ maxConcurrent: 0 }, /maxConcurrent: must be an integer from 1 .*received 0/],
    [{ maxWaiting: -1 }, /maxWaiting: must be an integer from 0 .*received -1/],
    [{ timeoutMs: 0 }, /timeoutMs: must be an integer from 1 .*or Infinity, received 0/],
    [{ timeout: 1 }, /respond: timeout is unknown/],
  ])('refuses bad options: %j', (options, expected) => {
    expect(() => respond({} as Connection, () => {}, options as RespondOptions)).toThrow(expected)
    expect(() => respond({} as Connection, 5 as never)).toThrow(/handler: must be a function, received 5/)
  })
})

test('turns are given in order, never too many at a time, whatever the work does', async () => {
  const works = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 30 })
  const run = async (all: [number, boolean][], most: number) => {
    const turns = new Turns(most, 1_000)
    const order: number[] = []
    let [now, highest] = [0, 0]
    const ends = all.map(([length, fails], n) =>
      turns.take(async () => {
        order.push(n)
        now += 1
        highest = Math.max(highest, now)
        for (let turn = 0; turn < length; turn += 1) await Promise.resolve()
        now -= 1
        if (fails) throw new Error('failed')
      }),
    )
    const results = await Promise.allSettled(ends)
    expect(results.map(({ status }) => status === 'rejected')).toEqual(all.map(([, fails]) => fails))
    expect(order).toEqual(all.map((_, n) => n))
    expect(highest).toBeLessThanOrEqual(most)
    expect(now).toBe(0)
  }
  await fc.assert(fc.asyncProperty(works, fc.integer({ min: 1, max: 4 }), run))
})

import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer, type HoldfastServer, type ServerOptions } from '@holdfast/server'
import { AnswerError, respond } from '@holdfast/server/respond'
import { sessions } from '@holdfast/server/sessions'
import { connect, type Session, type SessionOptions } from 'holdfast'
import { limitLifetime, wakeOnSend } from 'holdfast/lifetime'
import { isRequestError, jsonRpc, request, requests } from 'holdfast/request'
import { resume } from 'holdfast/resume'
import { stats } from 'holdfast/stats'
import { streams } from 'holdfast/streams'
import { afterEach, describe, expect, test } from 'vitest'

// Requests, streams, limits and counts on real sockets, through the fault proxy, against a server that answers.

const backoff = { baseMs: 20, capMs: 100, stableAfterMs: 0 }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** What the server does, and what it has been asked. */
interface Service {
  readonly asked: number[]
  readonly errors: unknown[]
  /** Answers what was held back. */
  release(): void
}

type Mode = 'plain' | 'resume'

function service(): Service & { readonly handle: (request: Readonly<Record<string, unknown>>) => unknown } {
  const asked: number[] = []
  let held: (() => void)[] = []
  return {
    asked,
    errors: [],
    release() {
      for (const answer of held.splice(0)) answer()
    },
    async handle({ n, method, how = method }) {
      asked.push(Number(n))
      if (how === 'hold') await new Promise<void>((resolve) => held.push(resolve))
      if (how === 'deny') throw new AnswerError('denied', 'not for you')
      if (how === 'fail') throw new Error('password=hunter2')
      return Number(n) * 2
    },
  }
}

async function serve(options: ServerOptions): Promise<HoldfastServer> {
  const server = createServer(options)
  await server.start()
  ends.push(() => server.stop({ deadlineMs: 100 }))
  return server
}

async function world(
  mode: Mode,
  settings: SessionOptions = {},
): Promise<{ proxy: ChaosProxy; session: Session; served: Service; port: number; server: HoldfastServer }> {
  const { handle, ...served } = service()
  const server = await serve(
    mode === 'plain'
      ? { port: 0, handler: (connection) => respond(connection, handle) }
      : { port: 0, sessions: sessions({ handler: (peer) => void respond(peer, handle), ack: 'handled' }) },
  )
  server.on('error', ({ error }) => served.errors.push(error))
  if (server.state.name !== 'ready') throw new Error(`the server is ${server.state.name}`)
  const { host, port } = server.state.address
  const proxy = await startChaos({ target: { host, port }, control: false })
  ends.push(() => proxy.close())
  const plug = mode === 'resume' ? { resume: resume() } : {}
  const session = connect(`ws://127.0.0.1:${proxy.port}/`, { backoff, ...plug, ...settings })
  ends.push(() => session.dispose())
  await session.opened()
  return { proxy, session, served, port, server }
}

/** Resolves when the server has been asked so often. */
async function askedFor({ asked }: Service, count: number): Promise<void> {
  while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (answer) => ({ answer }),
    (error: unknown) => (isRequestError(error) ? { code: error.code, sent: error.sent } : { error }),
  )

describe.each(['plain', 'resume'] as const)('in %s mode', (mode) => {
  test('a thousand requests get their own answers', async () => {
    const { session, served } = await world(mode)
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => request<{ result: number }>(session, { n })),
    )
    expect(answers.map(({ result }) => result)).toEqual(Array.from({ length: 1_000 }, (_, n) => n * 2))
    expect(served.asked.length).toBe(1_000)
  })

  test('an error of the handler tells the client nothing, an AnswerError what it says', async () => {
    const { session, served } = await world(mode)
    const failed: unknown = await request(session, { n: 1, how: 'fail' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({
      code: 'request-failed',
      sent: 'yes',
      cause: { code: 'failed', message: 'the request failed' },
    })
    expect(JSON.stringify([failed, (failed as Error).cause])).not.toContain('hunter2')
    await expect(request(session, { n: 2, how: 'deny' })).rejects.toMatchObject({
      cause: { code: 'denied', message: 'not for you' },
    })
    expect(served.errors.map(String)).toEqual(['Error: password=hunter2'])
  })

  test('what never left is taken back at the deadline, and the server never has it', async () => {
    const { session, served } = await world(mode)
    session.pause()
    expect(await outcome(request(session, { n: 7 }, { timeoutMs: 50 }))).toEqual({
      code: 'timeout',
      sent: 'no',
    })
    session.reconnect()
    await request(session, { n: 8 })
    expect(served.asked).toEqual([8])
  })

  test('after dispose everything is settled and nothing held', async () => {
    const { session, served } = await world(mode)
    const api = requests(session)
    const held = outcome(api.request({ n: 1, how: 'hold' }))
    await askedFor(served, 1)
    session.pause()
    const waiting = outcome(api.request({ n: 2 }))
    const pair = streams(session)
    const [reading, writing] = [pair.readable.getReader().read(), pair.writable.getWriter().closed]
    session.dispose()
    expect(await waiting).toEqual({ code: 'closed', sent: 'no' })
    expect((await held) as object).toMatchObject({ sent: 'maybe' })
    await expect(reading).rejects.toMatchObject({ code: 'closed' })
    await expect(writing).rejects.toMatchObject({ code: 'closed' })
    expect(session.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  })
})

test('in plain mode a cut line rejects with "maybe" what was sent, unless it may be sent twice', async () => {
  const { session, served, proxy } = await world('plain')
  const api = requests(session)
  const once = outcome(api.request({ n: 1, how: 'hold' }))
  const again = api.request({ n: 2, how: 'hold' }, { retryOnReconnect: true })
  await askedFor(served, 2)
  proxy.reset()
  expect(await once).toEqual({ code: 'connection-lost', sent: 'maybe' })
  await askedFor(served, 3)
  served.release()
  expect(await again).toMatchObject({ result: 4 })
  expect(served.asked).toEqual([1, 2, 2])
})

test('in plain mode requests made while the line keeps breaking all settle, each once at the server if told so', async () => {
  const { session, served, proxy } = await world('plain')
  const all = []
  for (let n = 0; n < 300; n += 1) {
    all.push(outcome(request(session, { n }, { timeoutMs: 5_000 })))
    if (n % 30 === 15) proxy.reset()
    if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const settled = await Promise.all(all)
  const counts = new Map<number, number>()
  for (const n of served.asked) counts.set(n, (counts.get(n) ?? 0) + 1)
  for (const [n, end] of settled.entries()) {
    if ('answer' in end) expect([end.answer, counts.get(n)]).toMatchObject([{ result: n * 2 }, 1])
    else expect(end).toEqual({ code: 'connection-lost', sent: 'maybe' })
  }
  expect(settled.some((end) => 'answer' in end)).toBe(true)
})

test('in resume mode requests are answered through any number of cuts, each asked once', async () => {
  const { session, served, proxy } = await world('resume')
  const all = []
  for (let n = 0; n < 300; n += 1) {
    all.push(request<{ result: number }>(session, { n, how: n % 10 === 0 ? 'hold' : 'answer' }))
    if (n % 30 === 15) proxy.reset()
    if (n % 5 === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      served.release()
    }
  }
  const releasing = setInterval(() => served.release(), 5)
  ends.push(() => clearInterval(releasing))
  const answers = await Promise.all(all)
  expect(answers.map(({ result }) => result)).toEqual(Array.from({ length: 300 }, (_, n) => n * 2))
  expect(served.asked.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n))
})

test('in resume mode a server that was restarted has lost the requests it had, and a retry reaches the new one', async () => {
  const { session, served, server, proxy, port } = await world('resume')
  const api = requests(session)
  const once = outcome(api.request({ n: 1, how: 'hold' }))
  const again = api.request({ n: 2, how: 'hold' }, { retryOnReconnect: true })
  await askedFor(served, 2)
  await server.stop({ deadlineMs: 0 })
  proxy.reset()
  const { handle, ...next } = service()
  await serve({ port, sessions: sessions({ handler: (peer) => void respond(peer, handle) }) })
  expect(await once).toEqual({ code: 'connection-lost', sent: 'maybe' })
  await askedFor(next, 1)
  next.release()
  expect(await again).toMatchObject({ result: 4 })
})

test('JSON-RPC works as well', async () => {
  const { session } = await world('plain')
  const api = requests(session, { correlation: jsonRpc() })
  await expect(api.request({ method: 'deny' })).rejects.toMatchObject({ cause: { code: 'denied' } })
  expect(await api.request({ method: 'any' })).toBeNull()
})

test('a large stream goes through small bounds without loss, over a line that breaks, in resume mode', async () => {
  const server = await serve({
    port: 0,
    sessions: sessions({
      handler(peer) {
        peer.on('message', (message) => void peer.send(message))
      },
      ack: 'handled',
    }),
  })
  if (server.state.name !== 'ready') throw new Error(`the server is ${server.state.name}`)
  const { host, port } = server.state.address
  const proxy = await startChaos({ target: { host, port }, control: false })
  ends.push(() => proxy.close())
  const session = connect(`ws://127.0.0.1:${proxy.port}/`, {
    backoff,
    resume: resume({ ack: 'handled' }),
    queue: { maxMessages: 20 },
  })
  ends.push(() => session.dispose())
  const { readable, writable } = streams(session, { onGap: 'error' })
  const count = 2_000
  let n = 0
  const source = new ReadableStream<string>({
    pull(controller) {
      if (n % 400 === 200) proxy.reset()
      if (n === count) controller.close()
      else controller.enqueue(`chunk ${(n += 1)}`)
    },
  })
  const writing = source.pipeTo(writable)
  const read: unknown[] = []
  for await (const chunk of readable) {
    read.push(chunk)
    if (read.length === count) break
  }
  await writing
  expect(read).toEqual(Array.from({ length: count }, (_, at) => `chunk ${at + 1}`))
  expect(session.state.name).toBe('open')
})

test('an idle session lets go, wakes to send, and its life is counted', async () => {
  const { session } = await world('plain', { plugs: [wakeOnSend()] })
  const counted = stats(session)
  const limits = limitLifetime(session, { idleTimeoutMs: 60 })
  await new Promise<void>((resolve) => {
    const undo = session.on('state', ({ state }) => {
      if (state.name !== 'idle') return
      undo()
      resolve()
    })
  })
  limits.dispose()
  expect(await request(session, { n: 21 })).toMatchObject({ result: 42 })
  expect(counted.snapshot()).toMatchObject({
    messages: { in: 1, out: 1 },
    reconnects: 1,
    causes: { idle: 1, reconnect: 1 },
  })
  expect(limits.counts.idle).toBe(1)
})

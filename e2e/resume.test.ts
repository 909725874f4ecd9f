import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer, type HoldfastServer } from '@holdfast/server'
import { echoSessions, type ServerSession, sessions, type SessionsOptions } from '@holdfast/server/sessions'
import { connect, type Session, type SessionOptions } from 'holdfast'
import { resume, type ResumeOptions } from 'holdfast/resume'
import { afterEach, expect, test } from 'vitest'

// A session in resume mode against the reference server, through the fault proxy: real sockets, both directions.

const backoff = { baseMs: 20, capMs: 100, stableAfterMs: 0 }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(options: SessionsOptions, port = 0): Promise<HoldfastServer> {
  const server = createServer({ port, sessions: sessions(options) })
  await server.start()
  ends.push(() => server.stop({ deadlineMs: 100 }))
  return server
}

function addressOf({ state }: HoldfastServer): { host: string; port: number } {
  if (state.name !== 'ready') throw new Error(`the server is ${state.name}`)
  return state.address
}

async function world(
  options: SessionsOptions,
  settings: SessionOptions = {},
  plug: Partial<ResumeOptions> = {},
): Promise<{ server: HoldfastServer; proxy: ChaosProxy; session: Session; told: string[] }> {
  const server = await serve(options)
  const { host, port } = addressOf(server)
  const proxy = await startChaos({ target: { host, port }, control: false })
  ends.push(() => proxy.close())
  const url = `ws://127.0.0.1:${proxy.port}/`
  const session = connect(url, { resume: resume(plug), backoff, ...settings })
  ends.push(() => session.dispose())
  const told: string[] = []
  session.on('resumed', () => told.push('resumed'))
  session.on('gap', ({ reason }) => told.push(`gap ${reason}`))
  session.on('state', ({ state }) => {
    if (state.name === 'open') told.push(`open ${state.resumed}`)
  })
  session.on('error', ({ phase, error }) => told.push(`error ${phase} ${String(error)}`))
  await session.opened()
  return { server, proxy, session, told }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `message ${n}`)

/** Resolves when `done` is true, asked at every message. */
async function received(session: Session, done: () => boolean): Promise<void> {
  while (!done()) {
    await new Promise<void>((resolve) => {
      session.once('message', () => resolve())
    })
  }
}

test('nothing is lost, doubled or reordered in either direction over thirty resets', async () => {
  const fromClient: unknown[] = []
  const handler = (peer: ServerSession) => {
    peer.on('message', (message) => fromClient.push(message))
    echoSessions(peer)
  }
  const { proxy, session, told } = await world({ handler, ack: 'handled', maxHeldMessages: 4_000 })
  const echoed: unknown[] = []
  session.on('message', (message) => echoed.push(message))
  const receipts = []
  for (const [n, message] of numbers(3_000).entries()) {
    receipts.push(session.send(message))
    if (n % 100 === 50) proxy.reset()
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    await session.ready()
  }
  await session.flushed()
  await received(session, () => echoed.length >= 3_000)
  expect(new Set(await Promise.all(receipts.map(({ settled }) => settled)))).toEqual(new Set(['acked']))
  expect(fromClient).toEqual(numbers(3_000))
  expect(echoed).toEqual(numbers(3_000))
  expect(told.filter((word) => /gap|error/.test(word))).toEqual([])
  expect(told.slice(0, 3)).toEqual(['open first', 'resumed', 'open true'])
})

test('binary comes back as it was sent, also when the sender reuses its buffer', async () => {
  const { proxy, session } = await world({ handler: echoSessions })
  const echoed: number[] = []
  session.on('message', (message) => echoed.push(...new Uint8Array(message as ArrayBuffer)))
  const buffer = new Uint8Array(1)
  for (let n = 0; n < 50; n += 1) {
    buffer[0] = n
    session.send(buffer)
    if (n === 25) proxy.reset()
  }
  await received(session, () => echoed.length >= 50)
  expect(echoed).toEqual(Array.from({ length: 50 }, (_, n) => n))
})

test('a server that was restarted has lost the session: one gap, each message one fate, and the session goes on', async () => {
  const handled: unknown[] = []
  const handler = (peer: ServerSession) => {
    peer.on('message', (message) => handled.push(message))
  }
  const { server, proxy, session, told } = await world({ handler })
  const before = session.send('before')
  await session.flushed()
  void proxy.set({ stall: 'down' })
  const unsure = session.send('unsure')
  const { port } = addressOf(server)
  const gap = new Promise((resolve) => session.once('gap', resolve))
  await server.stop({ deadlineMs: 0 })
  proxy.reset()
  await proxy.clear()
  await serve({ handler }, port)
  await gap
  await session.opened()
  expect(await before.settled).toBe('acked')
  expect(await unsure.settled).toBe('uncertain')
  expect(told.filter((word) => word.startsWith('gap'))).toEqual(['gap unknown'])
  expect(await session.send('after').settled).toBe('acked')
  expect(handled.at(-1)).toBe('after')
})

test('a session that the server ended is over, and says so', async () => {
  const peers: ServerSession[] = []
  const { session } = await world({ handler: (peer) => void peers.push(peer) })
  await session.send('hello').settled
  void peers[0]?.close()
  expect((await session.closed).cause).toMatchObject({ kind: 'server-close', code: 1000 })
})

test('close() ends the session at the server as well, and leaves nothing', async () => {
  const peers: ServerSession[] = []
  const { session } = await world({ handler: (peer) => void peers.push(peer) })
  await session.send('hello').settled
  const end = await session.close()
  expect(end).toEqual({
    cause: { kind: 'closed', code: 1000, reason: '' },
    handBack: { undelivered: [], uncertain: [] },
  })
  expect((await peers[0]?.closed)?.cause).toMatchObject({ kind: 'left' })
  expect(session.resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
})

test('dispose() hands back what was not acknowledged, each message once', async () => {
  const { proxy, session } = await world({ handler: () => {} })
  void proxy.set({ stall: 'both' })
  const sent = session.send('under way')
  session.dispose()
  const { handBack } = await session.closed
  expect([...handBack.uncertain, ...handBack.undelivered].map(({ message }) => message)).toEqual([
    'under way',
  ])
  expect(await sent.settled).toBe('uncertain')
  await expect(session.flushed()).rejects.toMatchObject({ code: 'closed' })
})

test('onConnected runs for a new session and not for one that goes on', async () => {
  let asked = 0
  const { proxy, session, told } = await world(
    { handler: echoSessions },
    { onConnected: () => void (asked += 1) },
  )
  const back = new Promise<void>((resolve) => session.once('resumed', () => resolve()))
  proxy.reset()
  await back
  await session.opened()
  expect(asked).toBe(1)
  expect(told).toContain('open true')
})

test('a message larger than the server takes harms only itself', async () => {
  const { session } = await world({ handler: echoSessions })
  const big = session.send('x'.repeat(2_000_000))
  const small = session.send('small')
  expect(await big.settled).toBe('rejected')
  expect(String(big.error)).toMatch(/2000000 bytes, at most/)
  expect(await small.settled).toBe('acked')
})

test('a dead line is noticed by the protocol’s own ping, and the session goes on', async () => {
  const { proxy, session } = await world(
    { handler: echoSessions },
    { heartbeat: { intervalMs: 200, timeoutMs: 200 } },
  )
  expect(await session.probe()).toBe('alive')
  expect(session.rttMs).toBeGreaterThanOrEqual(0)
  const back = new Promise<void>((resolve) => session.once('resumed', () => resolve()))
  void proxy.set({ blackhole: 'both' })
  const sent = session.send('into the dark')
  await new Promise<void>((resolve) => {
    session.once('state', () => resolve())
  })
  await proxy.clear()
  await back
  expect(await sent.settled).toBe('acked')
})

test('bad options are errors that name the option, the bound and the value', () => {
  expect(() => resume({ windowMessages: 0 })).toThrow(/resume\.windowMessages: must be .* 1.*got 0/)
  expect(() => resume({ windowBytes: 10 })).toThrow(/resume\.windowBytes: must be .*1048576.*got 10/)
  expect(() => resume({ windowMessage: 1 } as never)).toThrow(/windowMessage/)
})

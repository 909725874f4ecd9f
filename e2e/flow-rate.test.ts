import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer } from '@holdfast/server'
import { type ServerSession, sessions } from '@holdfast/server/sessions'
import { connect, type Session } from 'holdfast'
import { sendLimit, type SendLimit } from 'holdfast/rate'
import { batch, resume, type ResumeOptions } from 'holdfast/resume'
import { afterEach, expect, test } from 'vitest'

// A limit over resume mode against the reference server, through the fault proxy: what is sent again after a break.

const PER_SECOND = 400
const BURST = 40
/** What a busy machine may hold up on the way to the server, and then give it at once. */
const LATE_MS = 400

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface World {
  readonly proxy: ChaosProxy
  readonly limit: SendLimit
  readonly session: Session
  readonly got: unknown[]
  readonly atMs: number[]
}

async function world(options: Partial<ResumeOptions>): Promise<World> {
  const got: unknown[] = []
  const atMs: number[] = []
  const handler = (peer: ServerSession) => {
    peer.on('message', (message) => {
      got.push(message)
      atMs.push(performance.now())
    })
  }
  const server = createServer({ port: 0, sessions: sessions({ handler }) })
  const { host, port } = await server.start()
  ends.push(() => server.stop({ deadlineMs: 100 }))
  const proxy = await startChaos({ target: { host, port }, control: false })
  ends.push(() => proxy.close())
  const limit = sendLimit({ perSecond: PER_SECOND, burst: BURST })
  ends.push(() => limit.dispose())
  const session = connect(`ws://127.0.0.1:${proxy.port}/`, {
    resume: resume(options),
    plugs: [limit.plug],
    backoff: { baseMs: 20, capMs: 100, stableAfterMs: 0 },
  })
  ends.push(() => session.dispose())
  await session.opened()
  return { proxy, limit, session, got, atMs }
}

/** Cuts the connection, and resolves when the next one is open. */
async function cut({ proxy, session }: World): Promise<void> {
  const again = new Promise((resolve) => session.once('resumed', resolve))
  proxy.reset()
  await proxy.clear()
  await again
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The most messages above the rate in any window of time. */
function mostAtOnce(atMs: readonly number[], perSecond: number): number {
  let most = 0
  for (const [from, startMs] of atMs.entries()) {
    for (let to = from; to < atMs.length; to += 1) {
      const windowMs = (atMs[to] ?? 0) - startMs
      most = Math.max(most, to - from + 1 - (windowMs * perSecond) / 1_000)
    }
  }
  return most
}

const texts = (count: number) => Array.from({ length: count }, (_, n) => `message ${n}`)

test.each([
  ['each in its frame', {}],
  ['in common frames', { batch: batch() }],
])(
  '500 messages that a break has lost are sent again at the rate, %s, through another break',
  async (_, options) => {
    const all = await world(options)
    const { proxy, session, got, atMs } = all
    await proxy.set({ stall: 'up' })
    const receipts = texts(500).map((text) => session.send(text))
    await until(() => receipts.every(({ status }) => status === 'written'))
    expect(got).toEqual([])
    await cut(all)
    session.send('new')
    await until(() => got.length >= 100)
    await cut(all)
    await session.flushed()
    expect(got).toEqual([...texts(500), 'new'])
    expect(mostAtOnce(atMs, PER_SECOND)).toBeLessThanOrEqual(BURST + 1 + (LATE_MS * PER_SECOND) / 1_000)
    expect(new Set(receipts.map(({ status }) => status))).toEqual(new Set(['acked']))
  },
)

test('what is sent again goes slower when the server says slow down', async () => {
  const all = await world({})
  const { proxy, limit, session, got, atMs } = all
  await proxy.set({ stall: 'up' })
  const receipts = texts(120).map((text) => session.send(text))
  await until(() => receipts.every(({ status }) => status === 'written'))
  limit.slowDown({ perSecond: 40, forMs: 60_000 })
  await cut(all)
  await session.flushed()
  expect(got).toEqual(texts(120))
  expect(mostAtOnce(atMs, 40)).toBeLessThanOrEqual(BURST + 1 + (LATE_MS * 40) / 1_000)
})

import { type ChaosProxy, startChaos } from '@holdfast/chaos'
import { createServer, echo } from '@holdfast/server'
import { connect, type Session } from 'holdfast'
import { circuitBreaker, type CircuitBreaker, retryBudget } from 'holdfast/breaker'
import { dialLimit, sendLimit } from 'holdfast/rate'
import { afterEach, expect, test } from 'vitest'

// Breaker and limits over real sockets, through the fault proxy.

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function startProxy(): Promise<ChaosProxy> {
  const server = createServer({ port: 0, handler: echo })
  const { port } = await server.start()
  ends.push(() => server.stop({ deadlineMs: 100 }))
  const proxy = await startChaos({ target: { host: '127.0.0.1', port }, control: false })
  ends.push(() => proxy.close())
  return proxy
}

function keep<One extends { dispose(): void }>(one: One): One {
  ends.push(() => one.dispose())
  return one
}

/** Resolves when the circuit has moved to that state. */
async function moved(breaker: CircuitBreaker, name: string): Promise<void> {
  while (breaker.state.name !== name) {
    await new Promise<void>((resolve) => {
      const undo = breaker.on('state', () => {
        undo()
        resolve()
      })
    })
  }
}

test('a server that is down opens the breaker and is not dialled; one probe finds it, and then all come back', async () => {
  const proxy = await startProxy()
  const breaker = keep(
    circuitBreaker({ minCalls: 6, windowCalls: 12, openMs: 2_000, earlyMs: 100, recoverWithinMs: 300 }),
  )
  const budget = keep(retryBudget({ maxRetries: 100 }))
  const told: string[] = []
  const dialled: string[] = []
  breaker.on('state', ({ state }) => told.push(state.name === 'half-open' ? state.probe : state.name))
  const sessions = Array.from({ length: 8 }, () => {
    const session = keep(
      connect(`ws://127.0.0.1:${proxy.port}/`, {
        plugs: [budget.plug, breaker.plug],
        backoff: { baseMs: 50, capMs: 200, stableAfterMs: 0 },
      }),
    )
    session.on('state', ({ state }) => {
      if (state.name === 'connecting' && state.phase === 'dial') dialled.push(breaker.state.name)
    })
    return session
  })
  await Promise.all(sessions.map((session) => session.opened()))
  // Connections that ended early are failures: these have lasted.
  while (breaker.tally.calls < 8) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(breaker.tally).toEqual({ calls: 8, failures: 0, slow: 0 })
  await proxy.set({ accept: 'refuse' })
  proxy.reset()
  await moved(breaker, 'open')
  dialled.length = 0
  await moved(breaker, 'half-open')
  await moved(breaker, 'open')
  // Down for one more turn: the only dial was that of a probe.
  expect(dialled).toEqual(['half-open'])
  await proxy.set({ accept: 'ok' })
  told.length = 0
  dialled.length = 0
  const before = proxy.log.at(-1)?.n ?? 0
  await moved(breaker, 'closed')
  expect(told).toEqual(['under-way', 'closed'])
  expect(dialled).toEqual(['half-open'])
  expect(proxy.logAfter(before).filter(({ event }) => event === 'opened')).toHaveLength(1)
  await Promise.all(sessions.map((session) => session.opened()))
  expect(dialled).toEqual(['half-open', ...Array.from({ length: 7 }, () => 'closed')])
  await echoes(sessions[7])
})

async function echoes(session: Session | undefined): Promise<void> {
  const back = new Promise((resolve) => session?.once('message', resolve))
  session?.send('hello')
  expect(await back).toBe('hello')
}

test('limits hold their rates on real sockets, and lose, double or reorder nothing', async () => {
  const proxy = await startProxy()
  const sends = keep(sendLimit({ perSecond: 400, burst: 20 }))
  const dials = keep(dialLimit({ perSecond: 10, burst: 1 }))
  const startedAt = performance.now()
  const sessions = Array.from({ length: 4 }, () =>
    keep(connect(`ws://127.0.0.1:${proxy.port}/`, { plugs: [dials.plug, sends.plug] })),
  )
  const got = sessions.map((session) => {
    const messages: unknown[] = []
    session.on('message', (message) => messages.push(message))
    return messages
  })
  const expected = Array.from({ length: 150 }, (_, n) => `${n}`)
  for (const session of sessions) for (const message of expected) session.send(message)
  await Promise.all(sessions.map((session) => session.opened()))
  // Three of the four dials had to wait for a tenth of a second each.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290)
  await Promise.all(sessions.map((session) => session.flushed()))
  // 600 messages: a burst of 20, then 400 a second. Never faster; how much slower is up to the machine.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(((600 - 20) / 400) * 1_000 - 50)
  while (got.some((messages) => messages.length < 150))
    await new Promise((resolve) => setTimeout(resolve, 10))
  for (const messages of got) expect(messages).toEqual(expected)
})

import { createServer as createTcpServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'holdfast'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { type Child, runChild, startChild } from './lab/child.ts'
import { Diary } from './lab/diary.ts'
import { measured } from './lab/measured.ts'

// What a session means for its Node process: it lets it exit, and never ends it.

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())

/** How long after `dispose()` the process may take to exit by itself. */
const EXIT_MS = 300

/** How often it may be tried: a run that a busy machine held up says nothing about the session. */
const TRIES = 3

/** Runs until one exit was quick enough, at most three times. Gives the best time, in milliseconds. */
async function bestExitMs(run: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && best >= EXIT_MS; tries += 1) best = Math.min(best, await run())
  return best
}

/** Ends a session in a child, and tells how long that child then took to exit by itself. */
async function exitMs(place: string, url: string): Promise<number> {
  const { code, signal, told, stderr } = await runChild('exit-after-end.mjs', [place, url])
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  const [{ exitMs, resources } = {}] = told
  if (place !== 'unref') expect(resources).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
  return exitMs as number
}

/** Starts an echo server in a process of its own. */
async function startServer(): Promise<Child & { readonly url: string }> {
  const server = startChild('serve.mjs')
  return { ...server, url: (await server.told.next())['url'] as string }
}

async function endServer({ process, ended }: Child): Promise<void> {
  process.kill('SIGKILL')
  await ended
}

describe('the process exits by itself after dispose()', () => {
  const places = ['not-started', 'admit', 'resolve', 'dial', 'hello', 'open', 'waiting', 'paused', 'closing']
  test.each(places)('%s', async (place) => {
    const url = `${backend.addresses.direct}/echo/exit`
    expect(await bestExitMs(() => exitMs(place, url))).toBeLessThan(EXIT_MS)
  })

  test('open, with unref and without dispose()', async () => {
    const url = `${backend.addresses.direct}/echo/unref`
    expect(await bestExitMs(() => exitMs('unref', url))).toBeLessThan(EXIT_MS)
  })
})

describe('a frozen server (SIGSTOP)', () => {
  test('lets the process exit within 300 ms of dispose()', async () => {
    const server = await startServer()
    const run = async () => {
      const child = startChild('exit-after-end.mjs', ['frozen', server.url])
      await child.told.next()
      server.process.kill('SIGSTOP')
      child.process.kill('SIGUSR2')
      const { code, told, stderr } = await child.ended
      server.process.kill('SIGCONT')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return told.at(-1)?.['exitMs'] as number
    }
    const best = await bestExitMs(run)
    measured(`frozen server: exit after dispose() in ${best.toFixed(1)} ms`)
    expect(best).toBeLessThan(EXIT_MS)
    await endServer(server)
  })

  test('is left within 1.75 s with intervalMs 1000 and timeoutMs 500, and a new attempt starts', async () => {
    const server = await startServer()
    const sessions = [0, 1, 2].map(() =>
      connect(server.url, {
        heartbeat: { intervalMs: 1_000, timeoutMs: 500 },
        backoff: { baseMs: 20, capMs: 50 },
      }),
    )
    await Promise.all(sessions.map((session) => session.opened()))
    const left = sessions.map(async (session) => {
      const states = new Diary<string>('states')
      session.on('state', ({ state }) =>
        states.push(state.name === 'waiting' ? state.cause.kind : state.name),
      )
      expect(await states.next()).toBe('liveness')
      const ms = performance.now() - from
      await states.next((name) => name === 'connecting')
      return ms
    })
    server.process.kill('SIGSTOP')
    const from = performance.now()
    const times = await Promise.all(left)
    measured(`frozen server: left open after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`)
    for (const session of sessions) session.dispose()
    await endServer(server)
    expect(Math.min(...times)).toBeLessThan(1_750)
    // A machine that is busy with other things may be this much later.
    expect(Math.max(...times)).toBeLessThan(1_750 + 2_000)
  })

  test('does not hold close() for longer than closeTimeoutMs', async () => {
    const server = await startServer()
    const closing = async () => {
      const session = connect(server.url, { closeTimeoutMs: 500, heartbeat: false })
      await session.opened()
      return session
    }
    const sessions = [await closing(), await closing(), await closing()]
    server.process.kill('SIGSTOP')
    const took = sessions.map(async (session) => {
      const from = performance.now()
      await session.close()
      return performance.now() - from
    })
    const times = await Promise.all(took)
    measured(
      `frozen server: close() with closeTimeoutMs 500 took ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    )
    expect(Math.min(...times)).toBeLessThan(500 + 100)
    expect(Math.max(...times)).toBeLessThan(500 + 2_000)
    await endServer(server)
  })
})

describe('nothing reaches the process uncaught', () => {
  test('from providers and hooks that fail, refused upgrades, resets and 1,000 refused dials, with no listeners', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const { code, told, stderr } = await runChild('no-listeners.mjs', [
      `${backend.addresses.direct}/echo/none`,
      `ws://127.0.0.1:${port}`,
    ])
    measured(`no listeners: ${JSON.stringify(told)}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(told[0]).toMatchObject({ uncaught: [], code: 0 })
    expect(told[0]?.['refusedDials']).toBeGreaterThanOrEqual(1_000)
  })
})

test('1,000 connect-drop-dispose cycles leave nothing: ledger at zero, every session collected', async () => {
  const { code, told, stderr } = await runChild(
    'cycles.mjs',
    [`${backend.addresses.direct}/order/cycles`, '1000'],
    {
      flags: ['--expose-gc'],
    },
  )
  measured(`cycles: ${JSON.stringify(told)}`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [{ cycles, collected, leftovers, before, after } = {}] = told as readonly {
    readonly [key: string]: unknown
    readonly before?: { readonly active: unknown }
    readonly after?: { readonly active: unknown }
  }[]
  expect({ cycles, collected, leftovers }).toEqual({ cycles: 1_000, collected: 1_000, leftovers: [] })
  expect(after?.active).toEqual(before?.active)
})

describe('the package', () => {
  const used = { message: 'hello', names: ['isHoldfastError', 'fakeServer', 'ManualClock'] }

  test.each(['use-esm.mjs', 'use-cjs.cjs'])('works as %s', async (file) => {
    const { code, told, stderr } = await runChild(file, [`${backend.addresses.proxied}/echo/package`])
    expect({ code, told, stderr }).toEqual({ code: 0, told: [used], stderr: '' })
  })

  test('does nothing when it is only imported', async () => {
    const { code, told, stderr } = await runChild('import-only.mjs')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(told[0]?.['after']).toEqual(told[0]?.['before'])
  })
})

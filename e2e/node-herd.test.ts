import { seededRandom } from '@holdfast/chaos'
import { connect, type Session } from 'holdfast'
import { fakeServer, ManualClock } from 'holdfast/testing'
import { describe, expect, test } from 'vitest'
import { startBackend } from './lab/backend.ts'
import { measured } from './lab/measured.ts'

// Many sessions that lose their server at the same moment must not come back at the same moment.

/** The largest number of moments that fall into one window of this length. */
function mostWithin(windowMs: number, moments: readonly number[]): number {
  const sorted = [...moments].sort((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`

/** Opens sessions with default options, all in one virtual time, and notes when each of them dials. */
async function crowd(count: number, seed: number) {
  const clock = new ManualClock()
  const isDown = { untilMs: 0 }
  const server = fakeServer({
    clock,
    latencyMs: 20,
    onDial: () => (clock.monotonicMs() < isDown.untilMs ? 'refuse' : 'accept'),
  })
  const random = seededRandom(seed)
  const dials: { readonly client: number; readonly atMs: number }[] = []
  const sessions = Array.from({ length: count }, (_, client) =>
    connect('ws://test', {
      clock,
      random,
      createSocket: (...args) => {
        dials.push({ client, atMs: clock.monotonicMs() })
        return server.createSocket(...args)
      },
    }),
  )
  await clock.advance(1_000)
  expect(sessions.every(({ state }) => state.name === 'open')).toBe(true)
  // Well after `stableAfterMs`, so that everybody starts from the first delay.
  await clock.advance(20_000)
  dials.length = 0
  return { clock, server, sessions, dials, isDown }
}

function end(sessions: readonly Session[]): void {
  for (const session of sessions) session.dispose()
}

describe('200 sessions cut at once', () => {
  test.each([1, 2, 3, 4, 5])(
    'no 100 ms hold more than 15 percent of the first dials, seed %i',
    async (seed) => {
      const { clock, server, sessions, dials } = await crowd(200, seed)
      for (const socket of server.sockets) socket.cut()
      await clock.advance(5_000)
      const most = mostWithin(
        100,
        dials.map(({ atMs }) => atMs),
      )
      measured(`200 cut at once, virtual time, seed ${seed}: at most ${percent(most, 200)} in 100 ms`)
      end(sessions)
      expect(dials.length).toBe(200)
      expect(most).toBeLessThanOrEqual(0.15 * 200)
    },
  )

  test('the same holds on a real network, with real time', async () => {
    const backend = await startBackend()
    const sessions = Array.from({ length: 200 }, () => connect(`${backend.addresses.proxied}/echo/herd`))
    await Promise.all(sessions.map((session) => session.opened()))
    const planned: number[] = []
    for (const session of sessions) {
      session.once('state', ({ state }) => {
        if (state.name === 'waiting') planned.push(state.retryAt)
      })
    }
    const before = backend.proxy.log.at(-1)?.n ?? 0
    backend.proxy.reset()
    await Promise.all(sessions.map((session) => backOpen(session)))
    const dials = backend.proxy
      .logAfter(before)
      .flatMap((entry) => (entry.event === 'opened' ? [entry.atMs] : []))
    const [most, mostPlanned] = [mostWithin(100, dials), mostWithin(100, planned)]
    measured(
      `200 cut at once, real time: at most ${percent(most, 200)} dialled in 100 ms, ${percent(mostPlanned, 200)} meant to`,
    )
    end(sessions)
    await backend.stop()
    expect([dials.length, planned.length]).toEqual([200, 200])
    expect(mostPlanned).toBeLessThanOrEqual(0.15 * 200)
    // A busy machine may hold dials up and let them go together; that is its doing, and bounded here by as much again.
    expect(most).toBeLessThanOrEqual(0.3 * 200)
  })
})

/** Resolves at the next `open`. */
function backOpen(session: Session): Promise<void> {
  return new Promise((resolve) => {
    const undo = session.on('state', ({ state }) => {
      if (state.name !== 'open') return
      undo()
      resolve()
    })
  })
}

describe('500 clients and an outage of 10 s', () => {
  test.each([1, 2, 3])(
    'once the server is back no second sees more than 25 percent dial, and 99 percent are back within 35 s, seed %i',
    async (seed) => {
      const { clock, server, sessions, dials, isDown } = await crowd(500, seed)
      const backAtMs = clock.monotonicMs() + 10_000
      isDown.untilMs = backAtMs
      for (const socket of server.sockets) socket.cut()
      const reopened = new Map<Session, number>()
      for (const session of sessions) {
        session.on('state', ({ state }) => {
          if (state.name === 'open') reopened.set(session, clock.monotonicMs() - backAtMs)
        })
      }
      await clock.advance(10_000 + 35_000)
      const after = dials.filter(({ atMs }) => atMs >= backAtMs).map(({ atMs }) => atMs)
      const most = mostWithin(1_000, after)
      const back = [...reopened.values()].sort((a, b) => a - b)
      const lastMs = back[Math.ceil(0.99 * 500) - 1] ?? Number.NaN
      measured(
        `500 after 10 s, seed ${seed}: at most ${percent(most, 500)} dial in 1 s, 99 % back after ${(lastMs / 1_000).toFixed(1)} s, ` +
          `${dials.length} dials in all`,
      )
      end(sessions)
      expect(most).toBeLessThanOrEqual(0.25 * 500)
      expect(back.length).toBeGreaterThanOrEqual(0.99 * 500)
    },
  )
})

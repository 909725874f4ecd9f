import type { CDPSession, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { servePages } from './lab/browser-files.ts'
import { launchPlainChromium, type PlainChromium, uncaughtIn } from './lab/chromium.ts'
import { eventually } from './lab/diary.ts'
import { measured } from './lab/measured.ts'
import { type InPage, statesIn, tagged } from './lab/page-session.ts'

// A tab in the background for many minutes: Chromium lets its timers run once a minute then. The minutes are virtual.

/** Throttling that begins after two seconds in the background, not after five minutes. */
const throttled = [
  '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/2',
  '--intensive-wake-up-throttling-policy=force-enable',
]
const MINUTE_MS = 60_000

/** The globals of these pages, besides the session. */
interface Throttled extends InPage {
  /** When the page's own timer, wanted every second, ran. */
  ticks: number[]
  pings: number
  /** Holds virtual time while a pong is under way; without, time passes whatever the network does. */
  patient: boolean
}

let backend: Backend
let chromium: PlainChromium
let tab: Page
let cdp: CDPSession
let uncaught: string[]

beforeAll(async () => {
  backend = await startBackend()
  await servePages(backend)
  chromium = await launchPlainChromium(throttled)
})
beforeEach(async () => {
  tab = await chromium.context.newPage()
  uncaught = uncaughtIn(tab)
  // A request that is never answered: while one is under way, virtual time stands still.
  await tab.route('**/hold', () => {})
  await tab.goto(`${backend.addresses.pages}/lab`)
  cdp = await chromium.context.newCDPSession(tab)
})
afterEach(async () => {
  await tab.close()
  await backend.reset()
  expect(uncaught).toEqual([])
})
afterAll(async () => {
  await chromium?.close()
  await backend?.stop()
})

/** Opens a session with a ping every 25 s, and a timer of the page itself. */
async function open(url: string): Promise<void> {
  await tab.evaluate(async (url) => {
    const place = globalThis as unknown as Throttled
    let answered = () => {}
    Object.assign(place, { ticks: [], pings: 0, patient: true })
    const ping = () => {
      place.pings += 1
      const waiting = new AbortController()
      answered = () => waiting.abort()
      if (place.patient) fetch('/hold', { signal: waiting.signal }).catch(() => {})
      return 'ping'
    }
    const isPong = (message: unknown) => {
      if (message === 'ping') answered()
      return message === 'ping'
    }
    const heartbeat = { intervalMs: 25_000, timeoutMs: 10_000, ping, isPong }
    place.session = place.Holdfast.connect(url, { heartbeat })
    place.states = [place.session.state]
    place.session.on('state', ({ state }) => place.states.push(state))
    await place.session.opened()
    const tick = () => {
      place.ticks.push(performance.now())
      setTimeout(tick, 1_000)
    }
    tick()
  }, url)
}

async function hide(): Promise<void> {
  const other = await chromium.context.newPage()
  await other.bringToFront()
  await eventually(
    'hidden',
    () => tab.evaluate(() => document.visibilityState),
    (now) => now === 'hidden',
  )
}

async function pass(budget: number): Promise<void> {
  const passed = new Promise<void>((resolve) => {
    cdp.once('Emulation.virtualTimeBudgetExpired', () => resolve())
  })
  await cdp.send('Emulation.setVirtualTimePolicy', { policy: 'pauseIfNetworkFetchesPending', budget })
  await passed
}

const told = () =>
  tab.evaluate(() => {
    const { ticks, pings } = globalThis as unknown as Throttled
    return { ticks, pings }
  })

/** The longest time between two of the page's own ticks. */
const longestGap = (ticks: readonly number[]) =>
  Math.max(...ticks.slice(1).map((at, index) => at - (ticks[index] ?? at)))

test('over thirty minutes with one timer a minute a good connection is kept and stays watched', async () => {
  const { url, seen } = tagged(backend, 'throttled')
  await open(url)
  await hide()
  await pass(30 * MINUTE_MS)
  const { ticks, pings } = await told()
  measured(`hidden for 30 virtual minutes: ${ticks.length} ticks of a timer of 1 s, ${pings} pings`)
  expect(longestGap(ticks)).toBeGreaterThan(MINUTE_MS * 0.9)
  expect(pings).toBeGreaterThanOrEqual(30)
  expect((await statesIn(tab)).filter(({ name }) => name === 'waiting')).toEqual([])
  expect((await seen()).opened).toBe(1)
})

test('a throttled page finds a dead connection within three of its minutes', async () => {
  const { url } = tagged(backend, 'throttled-dead')
  await open(url)
  await hide()
  await pass(5 * MINUTE_MS)
  await backend.proxy.set({ blackhole: 'both' })
  await tab.evaluate(() => {
    ;(globalThis as unknown as Throttled).patient = false
  })
  await pass(3 * MINUTE_MS)
  const causes = (await statesIn(tab)).flatMap((state) =>
    state.name === 'waiting' ? [state.cause.kind] : [],
  )
  expect(causes[0]).toBe('liveness')
})

import type { BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { servePages } from './lab/browser-files.ts'
import { launchChromium, launchPlainChromium, uncaughtIn } from './lab/chromium.ts'
import { eventually } from './lab/diary.ts'
import { type InPage, openInPage, statesIn, tagged, untilState } from './lab/page-session.ts'

// The life of a page: hidden, frozen, left and come back to.

/** A retry that is days away: only the page's signals bring such a session back. */
const never = { baseMs: 1_000_000_000, capMs: 1_000_000_000 }

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
  await servePages(backend)
})
afterEach(() => backend.reset())
afterAll(() => backend.stop())

describe('hidden and frozen tabs', () => {
  let context: BrowserContext
  let close: () => Promise<void>
  let tab: Page
  let other: Page
  let uncaught: string[]
  beforeAll(async () => {
    ;({ context, close } = await launchPlainChromium())
    other = await context.newPage()
  })
  afterAll(() => close())
  beforeEach(async () => {
    tab = await context.newPage()
    uncaught = uncaughtIn(tab)
    await tab.goto(`${backend.addresses.pages}/lab`)
    await tab.bringToFront()
  })
  afterEach(async () => {
    await tab.close()
    expect(uncaught).toEqual([])
  })

  const visibility = () => tab.evaluate(() => document.visibilityState)
  async function hide(): Promise<void> {
    await other.bringToFront()
    await eventually('hidden', visibility, (now) => now === 'hidden')
  }
  async function show(): Promise<void> {
    await tab.bringToFront()
    await eventually('visible', visibility, (now) => now === 'visible')
  }

  test('a frozen tab comes back after resume with exactly one new connection', async () => {
    const { url, seen } = tagged(backend, 'frozen')
    await openInPage(tab, url, { backoff: never })
    await hide()
    const cdp = await context.newCDPSession(tab)
    const frozen = tab.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener('resume', () => resolve('resumed'), { once: true })
        }),
    )
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
    // Of a tab that was frozen for a second Chromium also closes the socket, with 1006, just after it resumed.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect((await seen()).live).toBe(1)
    await cdp.send('Page.setWebLifecycleState', { state: 'active' })
    expect(await frozen).toBe('resumed')
    const states = await untilState(tab, (state) => state.name === 'open' && state.resumed === false)
    expect(states.filter(({ name }) => name === 'open').length).toBe(2)
    await eventually('the server sees one', seen, ({ live }) => live === 1)
    expect((await seen()).opened).toBe(2)
  })

  test('a hidden tab keeps its connection by default', async () => {
    const { url, seen } = tagged(backend, 'kept')
    await openInPage(tab, url)
    await hide()
    await show()
    expect((await statesIn(tab)).at(-1)?.name).toBe('open')
    expect((await seen()).opened).toBe(1)
  })

  test('with closeAfterMs a hidden tab lets its connection go, and has a new one when it is shown', async () => {
    const { url, seen } = tagged(backend, 'hidden')
    await openInPage(tab, url, { backoff: never, whenHidden: { closeAfterMs: 50 } })
    await hide()
    await untilState(tab, (state) => state.name === 'idle' && state.cause.kind === 'hidden')
    await eventually('the server sees none', seen, ({ live }) => live === 0)
    await show()
    await untilState(tab, (state) => state.name === 'open' && state.resumed === false)
    expect((await seen()).opened).toBe(2)
  })

  test('with pauseRetries a hidden tab does not dial, and does so when it is shown', async () => {
    const { url, seen } = tagged(backend, 'paused')
    await openInPage(tab, url, { backoff: never, whenHidden: 'pauseRetries' })
    await hide()
    backend.proxy.cut()
    await untilState(tab, (state) => state.name === 'idle' && state.cause.kind === 'hidden')
    await show()
    await untilState(tab, (state) => state.name === 'open' && state.resumed === false)
    expect((await seen()).opened).toBe(2)
  })

  test('a tab that is shown again dials at once what waits', async () => {
    const { url } = tagged(backend, 'waiting')
    await openInPage(tab, url, { backoff: never })
    await hide()
    backend.proxy.cut()
    await untilState(tab, (state) => state.name === 'waiting' && state.cause.kind === 'lost')
    await show()
    const states = await untilState(tab, (state) => state.name === 'open' && state.resumed === false)
    expect(states.some((state) => state.name === 'waiting' && state.cause.kind === 'wake')).toBe(true)
  })
})

describe('the back/forward cache', () => {
  test('a page with a session goes into it, and comes back with exactly one new connection', async () => {
    const browser = await launchChromium({ withoutDefaults: ['--disable-back-forward-cache'] })
    const page = await browser.newPage()
    const uncaught = uncaughtIn(page)
    const { url, seen } = tagged(backend, 'bfcache')
    await page.goto(`${backend.addresses.pages}/lab`)
    await openInPage(page, url, { backoff: never })
    await page.evaluate(() => {
      ;(globalThis as unknown as InPage).marker = 'the same page'
    })
    await page.goto(`${backend.addresses.pages}/`)
    await eventually('the server sees it go', seen, ({ live }) => live === 0)
    // `load` does not fire again for a page that comes out of the cache.
    await page.goBack({ waitUntil: 'commit' })
    await untilState(page, (state) => state.name === 'open' && state.resumed === false)
    expect(await page.evaluate(() => (globalThis as unknown as InPage).marker)).toBe('the same page')
    const causes = (await statesIn(page)).flatMap((state) => ('cause' in state ? [state.cause] : []))
    expect(causes).toContainEqual({ kind: 'pagehide' })
    // Which of the page's signals comes first is Chromium's affair.
    expect(causes.filter(({ kind }) => kind === 'wake').length).toBe(1)
    await page.evaluate(() => (globalThis as unknown as InPage).session.probe())
    expect((await seen()).opened).toBe(2)
    await browser.close()
    expect(uncaught).toEqual([])
  })
})

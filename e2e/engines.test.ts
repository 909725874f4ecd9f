import { describe, expect, test } from 'vitest'
import type { LabPage } from './lab/browser.ts'
import { startBackend } from './lab/backend.ts'
import { labPages, servePages } from './lab/browser-files.ts'
import { eventually } from './lab/diary.ts'
import { engineNames, engines } from './lab/engines.ts'
import { measured } from './lab/measured.ts'
import { type InPage, openInPage, statesIn, tagged, untilState } from './lab/page-session.ts'
import { runInPlace } from './lab/place.ts'
import { type EngineInUse, useEngine } from './lab/use-engine.ts'

// Where browser engines differ, and what a session does in each.

/** A retry that is days away: only the page's signals bring such a session back. */
const never = { baseMs: 1_000_000_000, capMs: 1_000_000_000 }
const { path } = labPages.plain

/** Opens a session that cannot connect, and gives the first `count` causes of its waits. */
function firstWaits(page: LabPage, url: string, count: number): Promise<readonly string[]> {
  return page.evaluate(
    async ({ url, count }) => {
      const { Holdfast } = globalThis as unknown as InPage
      const session = Holdfast.connect(url, { backoff: { baseMs: 20, capMs: 50 } })
      const kinds: string[] = []
      await new Promise<void>((resolve) => {
        session.on('state', ({ state }) => {
          if (state.name === 'waiting') kinds.push(state.cause.kind)
          if (kinds.length === count || state.name === 'closed') resolve()
        })
      })
      session.dispose()
      return kinds
    },
    { url, count },
  )
}

describe.each(engineNames)('%s', (engine) => {
  const inUse = useEngine(engine)

  test('a page of an origin that the server does not know is refused: unreachable, and tried again', async () => {
    const page = await inUse.open('/')
    // The same files, and to a browser another origin.
    await page.goto(inUse.backend.addresses.pages.replace('127.0.0.1', 'localhost') + path)
    const { url, seen } = tagged(inUse.backend, 'other-origin')
    expect(await firstWaits(page, url, 2)).toEqual(['unreachable', 'unreachable'])
    expect((await seen()).opened).toBe(0)
  })

  test('an error that nobody catches fails the scenario that runs meanwhile', async () => {
    const page = await inUse.open(path)
    await page.evaluate(() => void setTimeout(() => void Promise.reject(new Error('dropped')), 0), undefined)
    const run = {
      name: 'text comes back as it was sent',
      environment: { name: engine, mode: 'plain' },
      addresses: inUse.backend.addresses,
    } as const
    await expect(runInPlace(page, 'page', run)).rejects.toThrow('nobody caught: Error: dropped')
    await runInPlace(page, 'page', run)
  })

  test('dispose() has its symbol where the platform has one, and is there in any case', async () => {
    const page = await inUse.open(path)
    const { url } = tagged(inUse.backend, 'symbol')
    const found = await page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url)
      const symbol: symbol | undefined = Symbol.dispose
      const end = symbol === undefined ? session.dispose : session[symbol as typeof Symbol.dispose]
      end.call(session)
      return { known: symbol !== undefined, kind: (await session.closed).cause.kind }
    }, url)
    measured(`${engines[engine].title}: Symbol.dispose ${found.known ? 'exists' : 'does not exist'}`)
    expect(found.kind).toBe('disposed')
  })

  test('offline and online leave a session alone whose connection answers', async () => {
    const page = await inUse.open(path)
    const { url, seen } = tagged(inUse.backend, 'hints')
    await openInPage(page, url, { pings: true })
    await page.evaluate(async () => {
      for (const type of ['offline', 'online', 'online']) dispatchEvent(new Event(type))
      await (globalThis as unknown as InPage).session.probe()
    }, undefined)
    expect((await statesIn(page)).at(-1)?.name).toBe('open')
    expect((await seen()).opened).toBe(1)
    await page.close()
  })

  test('a page that is left lets its connection go; coming back, it has one again, from the cache or loaded anew', async () => {
    const page = await inUse.open(path)
    const { url, seen } = tagged(inUse.backend, 'left')
    await openInPage(page, url, { backoff: never })
    await page.goto(`${inUse.backend.addresses.pages}/`)
    await eventually('the server sees it go', seen, ({ live }) => live === 0)
    await page.back()
    await eventually('the page is back', () => isBack(page), Boolean)
    const kept = await page.evaluate(() => 'session' in globalThis, undefined)
    measured(
      `${engines[engine].title}: a page with a session ${kept ? 'comes from the cache' : 'is loaded anew'}`,
    )
    if (kept) {
      await untilState(page, (state) => state.name === 'open' && state.resumed === false)
      const causes = (await statesIn(page)).flatMap((state) => ('cause' in state ? [state.cause] : []))
      expect(causes).toContainEqual({ kind: 'pagehide' })
    } else await openInPage(page, url, { backoff: never })
    expect((await seen()).opened).toBe(2)
    await page.close()
  })

  test('a wss: server with a self-signed certificate is unreachable, and tried again', async () => {
    const page = await inUse.open('/')
    const secured = await startBackend({ secure: true })
    try {
      await servePages(secured)
      await page.goto(`${secured.addresses.pages}${path}`)
      const { url, seen } = tagged(secured, 'untrusted')
      const waits = await firstWaits(page, url, 2)
      measured(`${engines[engine].title}: a certificate that nobody trusts is ${waits[0]}`)
      // Firefox says 1015 for it, which no server can send; the others say nothing.
      for (const kind of waits) expect(['unreachable', 'server-close']).toContain(kind)
      expect(waits.length).toBe(2)
      expect((await seen()).opened).toBe(0)
    } finally {
      await secured.stop()
    }
  })

  if (engine === 'webkit') testWebKit(inUse)
  if (engine === 'firefox') testFirefox(inUse)
})

/** While a page changes nothing can be asked of it. */
async function isBack(page: LabPage): Promise<boolean> {
  try {
    return await page.evaluate(() => 'Holdfast' in globalThis, undefined)
  } catch {
    return false
  }
}

/** What WebKitGTK alone does. */
function testWebKit(inUse: EngineInUse): void {
  test.each([1012, 1013])(
    'a server close %i may arrive as a lost connection, and is retried like one',
    async (code) => {
      const page = await inUse.open(path)
      const { url } = tagged(inUse.backend, `close-${code}`)
      const [kind] = await firstWaits(page, `${url}?acceptThenClose=${code}&reason=because`, 1)
      measured(`WebKitGTK: the close code ${code} arrives as ${kind}`)
      expect(['lost', 'server-close']).toContain(kind)
    },
  )

  test('a hint in the reason of 4429 is understood', async () => {
    const page = await inUse.open(path)
    const { url } = tagged(inUse.backend, 'hint')
    const delayMs = await page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url)
      const delayMs = await new Promise<number>((resolve) => {
        session.on('state', ({ state }) => {
          if (state.name === 'waiting') resolve(state.delayMs)
        })
      })
      session.dispose()
      return delayMs
    }, `${url}?acceptThenClose=4429&reason=retry-after-ms=5000`)
    expect(delayMs).toBeGreaterThanOrEqual(5_000)
    expect(delayMs).toBeLessThanOrEqual(7_500)
  })
}

/** What Firefox alone does. */
function testFirefox(inUse: EngineInUse): void {
  test('dials come later and later after failures, whatever the backoff says, and the session waits for them', async () => {
    const page = await inUse.open(path)
    const { url } = tagged(inUse.backend, 'delayed')
    await inUse.backend.proxy.set({ accept: 'reset' })
    await openRefused(page, url)
    await untilState(page, (state) => state.name === 'waiting' && state.attempt === 5)
    const dials = await page.evaluate(() => (globalThis as unknown as Refused).dialsMs, undefined)
    measured(`Firefox: milliseconds until each dial failed: ${dials.map((ms) => ms.toFixed(0)).join(', ')}`)
    // Nothing listens longer than a moment: what is longer is the browser's own wait.
    expect(Math.max(...dials)).toBeGreaterThan(300)
    await inUse.backend.proxy.clear()
    await untilState(page, (state) => state.name === 'open')
    await page.close()
  })
}

interface Refused extends InPage {
  dialsMs: number[]
}

/** Opens a session in a page, and notes how long each of its dials took to fail. */
async function openRefused(page: LabPage, url: string): Promise<void> {
  await page.evaluate((url) => {
    const place = globalThis as unknown as Refused
    let from = 0
    place.session = place.Holdfast.connect(url, { backoff: { baseMs: 5, capMs: 10 } })
    Object.assign(place, { states: [place.session.state], dialsMs: [] })
    place.session.on('state', ({ state }) => {
      place.states.push(state)
      if (state.name === 'connecting' && state.phase === 'dial') from = performance.now()
      if (state.name === 'waiting') place.dialsMs.push(performance.now() - from)
    })
  }, url)
}

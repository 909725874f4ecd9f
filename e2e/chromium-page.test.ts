import { createServer } from '@holdfast/server'
import type { Browser, CDPSession, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Backend, html, script, startBackend } from './lab/backend.ts'
import { cdn, servePages } from './lab/browser-files.ts'
import { launchChromium, uncaughtIn } from './lab/chromium.ts'
import { measured } from './lab/measured.ts'
import { type InPage, openInPage, statesIn, tagged, untilState } from './lab/page-session.ts'

// What only a page has: script tags, policies, an offline switch, workers, listeners on window and document.

let backend: Backend
let browser: Browser
let page: Page
let uncaught: string[]

beforeAll(async () => {
  backend = await startBackend()
  await servePages(backend)
  browser = await launchChromium()
})
beforeEach(async () => {
  page = await browser.newPage()
  uncaught = uncaughtIn(page)
})
afterEach(async () => {
  await page.context().close()
  await backend.reset()
  expect(uncaught).toEqual([])
})
afterAll(async () => {
  await browser.close()
  await backend.stop()
})

const open = (path: string) => page.goto(`${backend.addresses.pages}${path}`)
const hasGlobal = () => page.evaluate(() => 'Holdfast' in globalThis)

describe('the CDN file by script tag', () => {
  const tag = (integrity: string) =>
    html(`<script src="/holdfast.min.js" integrity="${integrity}" crossorigin="anonymous"></script>`)

  test('loads with its integrity hash, and works', async () => {
    backend.pages.set('/cdn', tag(cdn.integrity))
    await open('/cdn')
    const { url } = tagged(backend, 'cdn')
    const answer = await page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url)
      session.send('from a script tag')
      for await (const message of session) return message
      return undefined
    }, url)
    expect(answer).toBe('from a script tag')
  })

  test('does not run with another hash', async () => {
    backend.pages.set('/cdn-wrong', tag(`sha384-${'A'.repeat(64)}`))
    await open('/cdn-wrong')
    expect(await hasGlobal()).toBe(false)
  })
})

describe('content security policy', () => {
  /** A page without any inline script, under a policy, which says what it violated. */
  function policed(path: string, policy: string): Promise<unknown> {
    const sources = ['/violations.js', '/holdfast.min.js']
    backend.pages.set(
      '/violations.js',
      script(
        "violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e.effectiveDirective))",
      ),
    )
    const tags = sources.map((source) => `<script src="${source}"></script>`).join('')
    backend.pages.set(path, html(tags, { 'Content-Security-Policy': policy }))
    return open(path)
  }
  const violations = () => page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)

  test("default-src 'self': a session to the page's own origin works, with no violation", async () => {
    const own = createServer({ server: backend.http, path: '/ws' })
    await own.start()
    await policed('/csp-self', "default-src 'self'")
    await openInPage(page, `${backend.addresses.pages}/ws`)
    await page.evaluate(() => (globalThis as unknown as InPage).session.dispose())
    expect(await violations()).toEqual([])
    await own.stop({ deadlineMs: 0 })
  })

  test('a connection that the policy forbids is told as it is, and no other is made', async () => {
    const { url, seen } = tagged(backend, 'csp-forbidden')
    await policed('/csp-other', "default-src 'self'; connect-src https://other.example")
    const told = await page.evaluate(async (url) => {
      const session = (globalThis as unknown as InPage).Holdfast.connect(url, {
        backoff: { baseMs: 20, capMs: 50 },
      })
      const states: unknown[] = []
      await new Promise<void>((resolve) => {
        session.on('state', ({ state }) => {
          if (state.name !== 'waiting' && state.name !== 'closed') return
          states.push([state.name, state.cause.kind])
          if (states.length === 2 || state.name === 'closed') resolve()
        })
      })
      const told = [...states]
      session.dispose()
      return told
    }, url)
    measured(`a WebSocket that connect-src forbids, in Chromium: ${JSON.stringify(told)}`)
    expect(told).toEqual([
      ['waiting', 'unreachable'],
      ['waiting', 'unreachable'],
    ])
    expect((await violations())[0]).toBe('connect-src')
    expect((await seen()).opened).toBe(0)
  })
})

test('mixed content, which the constructor itself refuses, ends the session as forbidden', async () => {
  // A page of an origin that has TLS, made up here; nothing of it leaves the browser.
  await page.route('https://app.example/*', (route) => {
    const { body } = backend.pages.get('/holdfast.min.js') ?? {}
    const isScript = route.request().url().endsWith('.js')
    return isScript
      ? route.fulfill({ contentType: 'text/javascript', body: body ?? '' })
      : route.fulfill({ contentType: 'text/html', body: '<script src="/holdfast.min.js"></script>' })
  })
  await page.goto('https://app.example/')
  const end = await page.evaluate(async () => {
    const session = (globalThis as unknown as InPage).Holdfast.connect('ws://other.example/')
    return (await session.closed).cause
  })
  expect(end).toEqual({ kind: 'forbidden', name: 'SecurityError' })
})

describe('offline and online', () => {
  const never = { baseMs: 1_000_000_000, capMs: 1_000_000_000 }

  test('a session with a ping notices offline by a probe, and dials by itself within half a second of online', async () => {
    await open('/lab')
    const { url, seen } = tagged(backend, 'offline')
    // Nothing but the signals of the page can bring it back: the next retry is days away, and so is the next ping.
    await openInPage(page, url, {
      pings: true,
      backoff: never,
      heartbeat: { intervalMs: 1_000_000, probeMs: 300 },
    })
    await page.context().setOffline(true)
    await untilState(page, (state) => state.name === 'waiting' && state.cause.kind === 'liveness')
    const before = (await statesIn(page)).length
    await page.context().setOffline(false)
    const states = await untilState(page, (state) => state.name === 'open', before)
    const planned = states.find((state) => state.name === 'waiting' && state.cause.kind === 'wake')
    expect(planned).toMatchObject({ cause: { kind: 'wake', signal: 'online' } })
    expect(planned && 'delayMs' in planned && planned.delayMs).toBeLessThanOrEqual(500)
    expect((await seen()).opened).toBe(2)
  })

  test('offline and online leave a session alone whose connection answers', async () => {
    await open('/lab')
    const { url, seen } = tagged(backend, 'hints')
    await openInPage(page, url, { pings: true })
    await page.evaluate(async () => {
      for (const type of ['offline', 'online', 'online']) dispatchEvent(new Event(type))
      await (globalThis as unknown as InPage).session.probe()
    })
    expect((await statesIn(page)).at(-1)?.name).toBe('open')
    expect((await seen()).opened).toBe(1)
  })
})

describe('what a page holds', () => {
  const count = async (cdp: CDPSession, expression: string): Promise<number> => {
    const { result } = await cdp.send('Runtime.evaluate', { expression })
    const { listeners } = await cdp.send('DOMDebugger.getEventListeners', { objectId: result.objectId ?? '' })
    return listeners.length
  }
  const listenersOf = async (cdp: CDPSession) => [await count(cdp, 'window'), await count(cdp, 'document')]

  /** Counts objects made by a constructor; the question itself must not keep them. */
  const liveObjects = async (cdp: CDPSession, constructor: string): Promise<number> => {
    await cdp.send('HeapProfiler.collectGarbage')
    const { result } = await cdp.send('Runtime.evaluate', { expression: `${constructor}.prototype` })
    const prototypeObjectId = result.objectId ?? ''
    const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId })
    const { result: properties } = await cdp.send('Runtime.getProperties', {
      objectId: objects.objectId ?? '',
      ownProperties: true,
    })
    for (const objectId of [prototypeObjectId, objects.objectId ?? '']) {
      await cdp.send('Runtime.releaseObject', { objectId })
    }
    return Number(properties.find(({ name }) => name === 'length')?.value?.value)
  }

  test('dispose() leaves no listener on window or document', async () => {
    await open('/lab')
    const cdp = await page.context().newCDPSession(page)
    const before = await listenersOf(cdp)
    await openInPage(page, tagged(backend, 'listeners').url, { whenHidden: { closeAfterMs: 1_000 } })
    const during = await listenersOf(cdp)
    await page.evaluate(() => (globalThis as unknown as InPage).session.dispose())
    expect(during.every((now, index) => now > (before[index] ?? 0))).toBe(true)
    expect(await listenersOf(cdp)).toEqual(before)
  })

  test('1,000 connect-drop-dispose cycles leave nothing: ledger at zero, every session and socket collected', async () => {
    await open('/lab')
    const cdp = await page.context().newCDPSession(page)
    const socketsBefore = await liveObjects(cdp, 'WebSocket')
    const from = performance.now()
    const { cycles, leftovers } = await page.evaluate(async (url) => {
      const place = globalThis as unknown as InPage & { refs: WeakRef<object>[] }
      place.refs = []
      const leftovers: unknown[] = []
      const cycle = async () => {
        const session = place.Holdfast.connect(url, { backoff: { baseMs: 1_000_000, capMs: 1_000_000 } })
        place.refs.push(new WeakRef(session))
        await session.opened()
        session.send('cut')
        while (session.state.name !== 'waiting')
          await new Promise((resolve) => session.once('state', resolve))
        session.dispose()
        await session.closed
        if (Object.values(session.resources).some((held) => held !== 0)) leftovers.push(session.resources)
      }
      // Chromium delays dials, by up to seconds, while a page has many under way.
      for (let done = 0; done < 1_000; done += 5) await Promise.all(Array.from({ length: 5 }, cycle))
      return { cycles: place.refs.length, leftovers }
    }, tagged(backend, 'cycles').orders)
    const tookMs = performance.now() - from
    const socketsAfter = await liveObjects(cdp, 'WebSocket')
    const sessionsLeft = await page.evaluate(
      () => (globalThis as unknown as { refs: WeakRef<object>[] }).refs.filter((ref) => ref.deref()).length,
    )
    measured(
      `Chromium: ${cycles} cycles in ${tookMs.toFixed(0)} ms, ${sessionsLeft} sessions and ${socketsAfter} sockets left`,
    )
    expect({ cycles, leftovers, sessionsLeft }).toEqual({ cycles: 1_000, leftovers: [], sessionsLeft: 0 })
    expect(socketsAfter).toBe(socketsBefore)
  })

  test('a session that was open when disposed is collected while the browser still closes its socket', async () => {
    await open('/lab')
    const { url } = tagged(backend, 'closing')
    const cdp = await page.context().newCDPSession(page)
    await openInPage(page, `${url}?mute=1`)
    await page.evaluate(() => {
      const place = globalThis as unknown as InPage & { ref: WeakRef<object>; left: unknown }
      place.session.dispose()
      place.left = place.session.resources
      place.ref = new WeakRef(place.session)
      Object.assign(place, { session: undefined, states: [] })
    })
    await cdp.send('HeapProfiler.collectGarbage')
    const left = await page.evaluate(() => {
      const place = globalThis as unknown as { ref: WeakRef<object>; left: unknown }
      return { collected: place.ref.deref() === undefined, left: place.left }
    })
    expect(left).toEqual({ collected: true, left: { timers: 0, listeners: 0, sockets: 0, closing: 1 } })
  })
})

describe('a dedicated worker', () => {
  const names = [
    'text comes back as it was sent',
    '1,000 messages keep their order, text, binary and blobs mixed',
    'after a reset (RST) the session comes back',
    'a connection that swallows what the server sends is found dead by an application ping',
    'while dials are refused the queue is kept, and flushed in order before what comes later',
    'dispose() while open',
    'close() while waiting',
    'dispose() inside every kind of handler is legal and final',
  ]

  test.each(names)('runs: %s', async (name) => {
    backend.pages.set(
      '/worker.js',
      script(`importScripts('/holdfast.min.js', '/scenarios.js')
        onmessage = ({ data }) => runInPage(data.name, { name: 'chromium', mode: 'plain' }, data.addresses)
          .then(() => postMessage('passed'), (error) => postMessage(String(error)))`),
    )
    await open('/')
    const outcome = await page.evaluate(
      ({ name, addresses }) =>
        new Promise((resolve) => {
          const worker = new Worker('/worker.js')
          worker.addEventListener('message', ({ data }) => resolve(data))
          worker.addEventListener('error', ({ message }) => resolve(message))
          worker.postMessage({ name, addresses }, { transfer: [] })
        }),
      { name, addresses: backend.addresses },
    )
    expect(outcome).toBe('passed')
  })
})

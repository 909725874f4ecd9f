import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Backend, script, startBackend } from './lab/backend.ts'
import { servePages } from './lab/browser-files.ts'
import { launchPlainChromium, type PlainChromium } from './lab/chromium.ts'
import { eventually } from './lab/diary.ts'
import { measured } from './lab/measured.ts'
import { tagged } from './lab/page-session.ts'

// What a worker lacks of a page: it is never hidden, and the browser may stop it without a word.

/** A worker that opens a session when told an address, with options, and tells its states; later it tells an echo. */
const worker = script(`importScripts('/holdfast.min.js')
  let session
  onmessage = ({ data: { url, options, text }, ports: [port] }) => {
    if (url) {
      session = Holdfast.connect(url, options)
      session.on('state', ({ state }) => port.postMessage(state.name))
    } else {
      session.on('message', (message) => port.postMessage(message))
      session.send(text)
    }
  }`)

let backend: Backend
let chromium: PlainChromium
let page: Page

beforeAll(async () => {
  backend = await startBackend()
  await servePages(backend)
  backend.pages.set('/session-worker.js', worker)
  chromium = await launchPlainChromium()
})
beforeEach(async () => {
  page = await chromium.context.newPage()
  await page.goto(`${backend.addresses.pages}/`)
})
afterEach(async () => {
  await page.close()
  await backend.reset()
})
afterAll(async () => {
  await chromium?.close()
  await backend?.stop()
})

/** Starts a worker with a session, and waits until that is open. */
async function openInWorker(kind: 'worker' | 'service worker', url: string, options = {}): Promise<void> {
  await page.evaluate(
    async ({ kind, url, options }) => {
      const source = '/session-worker.js'
      const start = async () => {
        if (kind === 'worker') return new Worker(source)
        await navigator.serviceWorker.register(source)
        return (await navigator.serviceWorker.ready).active
      }
      const { port1, port2 } = new MessageChannel()
      const started = await start()
      await new Promise<void>((resolve) => {
        port1.addEventListener('message', ({ data }) => {
          if (data === 'open') resolve()
        })
        port1.start()
        started?.postMessage({ url, options }, [port2])
      })
      Object.assign(globalThis, { started })
    },
    { kind, url, options },
  )
}

describe('a dedicated worker', () => {
  test('does not know that its page is hidden: whenHidden has no effect there, and harms nothing', async () => {
    const { url, seen } = tagged(backend, 'worker-hidden')
    // The server speaks, so that time passes that can be waited for.
    await openInWorker('worker', `${url}?sendEvery=50`, { whenHidden: { closeAfterMs: 10 } })
    const other = await chromium.context.newPage()
    await other.bringToFront()
    const hidden = () => page.evaluate(() => document.visibilityState)
    await eventually('hidden', hidden, (now) => now === 'hidden')
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
    expect(await seen()).toMatchObject({ opened: 1, live: 1 })
    await other.close()
  })

  test('ends with its tab, and so does its connection', async () => {
    const { url, seen } = tagged(backend, 'worker-page')
    await openInWorker('worker', url)
    await page.goto('about:blank')
    measured(`Chromium: a page that left with a worker in it has ${(await seen()).live} connection`)
    await page.close()
    await eventually('the server sees it go', seen, ({ live }) => live === 0)
  })

  test('that sleeps with its page in the back/forward cache has a working session when it wakes', async () => {
    const { url } = tagged(backend, 'worker-cached')
    await openInWorker('worker', url)
    await page.goto(`${backend.addresses.pages}/lab`)
    await page.goBack({ waitUntil: 'commit' })
    await eventually('the page is back', () => page.evaluate(() => 'started' in globalThis), Boolean)
    const echo = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const { started } = globalThis as unknown as { started: Worker }
          const { port1, port2 } = new MessageChannel()
          port1.addEventListener('message', ({ data }) => resolve(data))
          port1.start()
          started.postMessage({ text: 'awake' }, [port2])
        }),
    )
    expect(echo).toBe('awake')
  })
})

describe('a service worker', () => {
  test('that the browser stops takes its session along: the server sees the end, and nothing dials again', async () => {
    const { url, seen } = tagged(backend, 'stopped')
    await openInWorker('service worker', url)
    const cdp = await chromium.context.newCDPSession(page)
    await cdp.send('ServiceWorker.enable')
    await cdp.send('ServiceWorker.stopAllWorkers')
    await eventually('the server sees it go', seen, ({ live }) => live === 0)
    // The next one that is started, for the next event, knows nothing of the old session.
    await openInWorker('service worker', tagged(backend, 'started-again').url)
    expect((await seen()).opened).toBe(1)
  })
})

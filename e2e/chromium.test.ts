import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { labPages, servePages } from './lab/browser-files.ts'
import { launchChromium, uncaughtIn } from './lab/chromium.ts'
import { type Addresses, type Mode, modes } from './lab/lab.ts'
import { scenariosIn } from './scenarios/index.ts'

/** What the page has, see in-page.ts. */
declare function runInPage(
  name: string,
  environment: { name: 'chromium'; mode: Mode },
  addresses: Addresses,
): Promise<void>

const places = modes.flatMap((mode) => ['ws', 'wss'].map((scheme) => ({ mode, scheme })))

describe.each(places)('Chromium over $scheme, $mode', ({ mode, scheme }) => {
  const secure = scheme === 'wss'
  let backend: Backend
  let browser: Browser
  let page: Page
  let uncaught: string[]
  beforeAll(async () => {
    backend = await startBackend({ secure })
    await servePages(backend)
    browser = await launchChromium({ more: ['--ignore-certificate-errors'] })
    page = await browser.newPage()
    uncaught = uncaughtIn(page)
    await page.goto(`${backend.addresses.pages}${labPages[mode].path}`)
  })
  afterEach(() => backend.reset())
  afterAll(async () => {
    await browser.close()
    await backend.stop()
  })

  for (const { name } of scenariosIn(mode)) {
    test(name, async () => {
      await page.evaluate(
        ({ name, mode, addresses }) => runInPage(name, { name: 'chromium', mode }, addresses),
        { name, mode, addresses: backend.addresses },
      )
      expect(uncaught.splice(0)).toEqual([])
    })
  }
})

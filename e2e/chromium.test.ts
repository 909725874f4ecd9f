import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { servePages } from './lab/browser-files.ts'
import { launchChromium, uncaughtIn } from './lab/chromium.ts'
import type { Addresses } from './lab/lab.ts'
import { scenarios } from './scenarios/index.ts'

/** What the page has, see in-page.ts. */
declare function runInPage(name: string, environment: 'chromium', addresses: Addresses): Promise<void>

describe.each(['ws', 'wss'])('Chromium over %s', (scheme) => {
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
    await page.goto(`${backend.addresses.pages}/lab`)
  })
  afterEach(() => backend.reset())
  afterAll(async () => {
    await browser.close()
    await backend.stop()
  })

  for (const { name } of scenarios) {
    test(name, async () => {
      await page.evaluate(({ name, addresses }) => runInPage(name, 'chromium', addresses), {
        name,
        addresses: backend.addresses,
      })
      expect(uncaught.splice(0)).toEqual([])
    })
  }
})

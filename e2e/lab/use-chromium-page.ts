import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type Backend, startBackend } from './backend.ts'
import { servePages } from './browser-files.ts'
import { launchChromium, uncaughtIn } from './chromium.ts'

/** What the tests of a file have: each test a page of its own, whose uncaught errors fail it. */
export interface ChromiumPage {
  readonly backend: Backend
  readonly page: Page
  open(path: string): Promise<void>
}

/** Starts Chromium and a backend for the tests of this file, and ends both after them in every case. */
export function useChromiumPage(): ChromiumPage {
  let browser: Browser | undefined
  let uncaught: string[] = []
  const started: { backend?: Backend; page?: Page | undefined } = {}
  beforeAll(async () => {
    started.backend = await startBackend()
    await servePages(started.backend)
    browser = await launchChromium()
  })
  beforeEach(async () => {
    started.page = await browser?.newPage()
    uncaught = started.page ? uncaughtIn(started.page) : []
  })
  afterEach(async () => {
    await started.page?.context().close()
    await started.backend?.reset()
    expect(uncaught).toEqual([])
  })
  afterAll(async () => {
    try {
      await browser?.close()
    } finally {
      await started.backend?.stop()
    }
  })
  return {
    get backend() {
      return given(started.backend)
    },
    get page() {
      return given(started.page)
    },
    async open(path) {
      await this.page.goto(`${this.backend.addresses.pages}${path}`)
    },
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('this is there only while tests run')
  return value
}

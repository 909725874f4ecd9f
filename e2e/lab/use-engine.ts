import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Backend, startBackend } from './backend.ts'
import type { EngineName, LabBrowser, LabPage } from './browser.ts'
import { servePages } from './browser-files.ts'
import { engines } from './engines.ts'
import { serveWorkers } from './place.ts'

/** A browser and a backend, while the tests of a suite run. */
export interface EngineInUse {
  readonly backend: Backend
  /** Opens a page at a path of the backend's origin; it is closed after the suite. */
  open(path: string): Promise<LabPage>
}

/**
 * Starts a browser and a backend before the tests of this suite, and ends both after them in every case. Where there is no
 * such browser, the tests are skipped and say why.
 * @param options.trusting whether the browser takes the certificate of the tests; by default when the backend is secure
 */
export function useEngine(
  engine: EngineName,
  { secure = false, trusting = secure }: { readonly secure?: boolean; readonly trusting?: boolean } = {},
): EngineInUse {
  const absent = engines[engine].absentBecause()
  let backend: Backend | undefined
  let browser: LabBrowser | undefined
  beforeAll(async () => {
    if (absent) return
    backend = await startBackend({ secure })
    await servePages(backend)
    serveWorkers(backend)
    browser = await engines[engine].launch({ trusting })
  })
  beforeEach((context) => {
    if (absent) context.skip(absent)
  })
  afterEach(() => backend?.reset())
  afterAll(async () => {
    try {
      await browser?.close()
    } finally {
      await backend?.stop()
    }
  })
  return {
    get backend() {
      return given(backend)
    },
    async open(path) {
      const page = await given(browser).newPage()
      await page.goto(`${given(backend).addresses.pages}${path}`)
      return page
    },
  }
}

function given<T>(started: T | undefined): T {
  if (started === undefined) throw new Error('this is there only while tests run')
  return started
}

import type { Browser, Page } from 'playwright'
import type { EngineName, LabBrowser, LabPage, LaunchOptions } from './browser.ts'

/** Makes a browser that Playwright drives one of ours. */
export function playwrightBrowser(
  name: EngineName,
  browser: Browser,
  { trusting = false }: LaunchOptions,
): LabBrowser {
  return {
    name,
    version: browser.version(),
    async newPage() {
      const context = await browser.newContext({ ignoreHTTPSErrors: trusting })
      return playwrightPage(await context.newPage())
    },
    close: () => browser.close(),
  }
}

function playwrightPage(page: Page): LabPage {
  return {
    goto: async (address) => void (await page.goto(address)),
    // Playwright waits for events that a page from the cache does not have; the history itself waits for nothing.
    back: () => page.evaluate(() => void setTimeout(() => history.back(), 0)),
    evaluate: (run, argument) => page.evaluate(run as never, argument) as never,
    close: () => page.context().close(),
  }
}

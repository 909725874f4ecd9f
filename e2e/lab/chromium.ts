import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumExecutable } from '../../scripts/setup/browsers.mjs'

/** What every Chromium of the tests is started with: quiet, and without a sandbox, which root in a container cannot have. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts Chromium. @param options.more further arguments; @param options.withoutDefaults arguments of Playwright to leave out */
export function launchChromium({
  more = [],
  withoutDefaults = [],
}: {
  readonly more?: string[]
  readonly withoutDefaults?: string[]
} = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumExecutable(),
    args: [...chromiumArguments, ...more],
    ignoreDefaultArgs: withoutDefaults,
  })
}

/** Gathers what goes wrong in a page without anybody catching it: errors and rejections. */
export function uncaughtIn(page: Page): string[] {
  const uncaught: string[] = []
  page.on('pageerror', (error) => uncaught.push(`${error.name}: ${error.message}`))
  return uncaught
}

/**
 * Starts Chromium as users have it: Playwright's own set-up keeps every page focused and visible, so that pages are never
 * hidden and never frozen there.
 */
export async function launchPlainChromium(): Promise<{
  readonly context: BrowserContext
  readonly close: () => Promise<void>
}> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chromium-'))
  const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${folder}`]
  const child = spawn(chromiumExecutable(), [...chromiumArguments, ...own, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  const address = await addressIn(child.stderr)
  const browser = await chromium.connectOverCDP(address, { noDefaults: true })
  const [context] = browser.contexts()
  if (!context) throw new Error('Chromium has no context')
  return {
    context,
    async close() {
      const session = await browser.newBrowserCDPSession()
      // The answer does not come when the browser is quicker to go.
      await session.send('Browser.close').catch(() => {})
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Reads where Chromium listens for its tools. */
function addressIn(output: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    output.on('data', (data) => {
      text += String(data)
      const address = /DevTools listening on (\S+)/.exec(text)?.[1]
      if (address) resolve(address)
    })
    output.once('end', () => reject(new Error(`Chromium did not start: ${text}`)))
  })
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumExecutable } from '../../scripts/setup/browsers.mjs'
import { soon } from './diary.ts'
import { startKept } from './kept.ts'

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

/** A Chromium that is set up as it is for users. */
export interface PlainChromium {
  readonly context: BrowserContext
  readonly close: () => Promise<void>
}

/**
 * Starts Chromium as users have it: Playwright's own set-up keeps every page focused and visible, so that pages are never
 * hidden and never frozen there. @param more further arguments
 */
export async function launchPlainChromium(more: readonly string[] = []): Promise<PlainChromium> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chromium-'))
  const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank']
  const kept = startKept(chromiumExecutable(), [...chromiumArguments, ...more, ...own])
  const close = async () => {
    await kept.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const [, address = ''] = await soon('Chromium', kept.says(/DevTools listening on (\S+)/))
    const browser = await chromium.connectOverCDP(address, { noDefaults: true })
    const [context] = browser.contexts()
    if (!context) throw new Error('Chromium has no context')
    return { context, close }
  } catch (error) {
    await close()
    throw error
  }
}

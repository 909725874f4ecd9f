import { type Browser, chromium, type Page } from 'playwright'
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

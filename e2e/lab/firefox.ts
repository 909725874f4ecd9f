import { fileURLToPath } from 'node:url'
import { firefox } from 'playwright'
import { firefoxExecutable } from '../../scripts/setup/browsers.mjs'
import type { LabBrowser, LaunchOptions } from './browser.ts'
import { playwrightBrowser } from './playwright-browser.ts'

/**
 * Starts the Firefox of the system, not one that was made for Playwright: Playwright speaks WebDriver BiDi with it, through
 * firefox-bidi.mjs.
 */
export async function launchFirefox(options: LaunchOptions = {}): Promise<LabBrowser> {
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath: fileURLToPath(new URL('firefox-bidi.mjs', import.meta.url)),
    env: { ...process.env, HOLDFAST_FIREFOX: firefoxExecutable() },
  })
  return playwrightBrowser('firefox', browser, options)
}

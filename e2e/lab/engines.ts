import { noWebKitReason } from '../../scripts/setup/browsers.mjs'
import type { EngineName, LabBrowser, LaunchOptions } from './browser.ts'
import { launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import { playwrightBrowser } from './playwright-browser.ts'
import { launchWebKit } from './webkit.ts'

interface Engine {
  readonly title: string
  launch(options?: LaunchOptions): Promise<LabBrowser>
  /** Why it is not on this platform; `undefined` where it is. */
  absentBecause(): string | undefined
}

/** All engines, and how to start them. */
export const engines: Readonly<Record<EngineName, Engine>> = {
  chromium: {
    title: 'Chromium',
    async launch(options = {}) {
      // For all that the browser does: a context would not tell its shared workers and service workers.
      const more = options.trusting ? ['--ignore-certificate-errors'] : []
      return playwrightBrowser('chromium', await launchChromium({ more }), options)
    },
    absentBecause: () => undefined,
  },
  firefox: { title: 'Firefox', launch: launchFirefox, absentBecause: () => undefined },
  webkit: { title: 'WebKitGTK', launch: launchWebKit, absentBecause: noWebKitReason },
}

/** The names of all engines. */
export const engineNames = ['chromium', 'firefox', 'webkit'] as const satisfies readonly EngineName[]

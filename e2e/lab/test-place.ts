import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { scenariosIn } from '../scenarios/index.ts'
import { type Backend, startBackend } from './backend.ts'
import type { EngineName, LabBrowser, LabPage } from './browser.ts'
import { labPages, servePages } from './browser-files.ts'
import { engines } from './engines.ts'
import { type Mode, modes } from './lab.ts'
import { limitOf } from './limits.ts'
import { type PlaceKind, placeKinds, runInPlace, serveWorkers } from './place.ts'

/** A place in a browser, and how sessions speak there. */
export interface Place {
  readonly engine: EngineName
  readonly kind: PlaceKind
  readonly scheme: 'ws' | 'wss'
  readonly mode: Mode
}

/** Names a place as the table of platforms does. */
export const placeName = ({ engine, kind, scheme, mode }: Place) =>
  `${engines[engine].title} ${kind} over ${scheme}, ${mode}`

/** Makes a test of each scenario, run in a place. @param fits leaves scenarios out; by default all run */
export function testPlace(place: Place, fits: (name: string) => boolean = () => true): void {
  const { engine, kind, scheme, mode } = place
  describe(placeName(place), () => {
    const absent = engines[engine].absentBecause()
    const secure = scheme === 'wss'
    let backend: Backend | undefined
    let browser: LabBrowser | undefined
    let page: LabPage
    beforeAll(async () => {
      if (absent) return
      backend = await startBackend({ secure })
      await servePages(backend)
      serveWorkers(backend)
      browser = await engines[engine].launch({ trusting: secure })
      page = await browser.newPage()
      await page.goto(`${backend.addresses.pages}${labPages[mode].path}`)
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

    for (const { name } of scenariosIn(mode).filter((scenario) => fits(scenario.name))) {
      test(name, async (context) => {
        const known = limitOf(placeName(place), name)
        if (known) context.skip(`${known.limit}; shown by ${known.shownBy}`)
        const { addresses } = backend as Backend
        await runInPlace(page, kind, { name, environment: { name: engine, mode }, addresses })
      })
    }
  })
}

/** Every place of an engine. */
export function placesOf(engine: EngineName): readonly Place[] {
  return placeKinds.flatMap((kind) =>
    modes.flatMap((mode) => (['ws', 'wss'] as const).map((scheme) => ({ engine, kind, scheme, mode }))),
  )
}

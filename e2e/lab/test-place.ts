import { afterAll, beforeAll, describe, test } from 'vitest'
import { scenariosIn } from '../scenarios/index.ts'
import type { EngineName, LabPage } from './browser.ts'
import { labPages } from './browser-files.ts'
import { engines } from './engines.ts'
import { type Mode, modes } from './lab.ts'
import { limitOf } from './limits.ts'
import { type PlaceKind, placeKinds, runInPlace } from './place.ts'
import { type EngineInUse, useEngine } from './use-engine.ts'

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

/** Every place of an engine. */
export function placesOf(engine: EngineName): readonly Place[] {
  return placeKinds.flatMap((kind) =>
    modes.flatMap((mode) => (['ws', 'wss'] as const).map((scheme) => ({ engine, kind, scheme, mode }))),
  )
}

const namesIn = (mode: Mode): readonly string[] => scenariosIn(mode).map(({ name }) => name)

/**
 * Makes a test of each scenario, run in a place.
 * @param names of scenarios; by default all that hold in the place's mode
 * @param shared a browser and a backend that the suite around this one has; by default the place has its own
 */
export function testPlace(place: Place, names = namesIn(place.mode), shared?: EngineInUse): void {
  const { engine, kind, scheme, mode } = place
  const title = placeName(place)
  describe(title, () => {
    const inUse = shared ?? useEngine(engine, { secure: scheme === 'wss' })
    let page: LabPage | undefined
    beforeAll(async () => {
      if (engines[engine].absentBecause() === undefined) page = await inUse.open(labPages[mode].path)
    })
    afterAll(() => page?.close())

    for (const name of names) {
      test(name, async (context) => {
        const known = limitOf(title, name)
        if (known) context.skip(`${known.limit}; shown by ${known.shownBy}`)
        const { addresses } = inUse.backend
        await runInPlace(page as LabPage, kind, { name, environment: { name: engine, mode }, addresses })
      })
    }
  })
}

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../lab/backend.ts'
import { modes } from '../lab/lab.ts'
import { bundleForWorker } from '../runtimes/bundle.ts'
import { limitOf, shownIn } from '../runtimes/limits.ts'
import { nameOf } from '../runtimes/places.ts'
import { Workerd } from '../runtimes/workerd.ts'
import { scenariosIn } from '../scenarios/index.ts'

// The shared scenarios in a Worker, bundled with the packed package as the tools for such runtimes do.

const places = modes.map((mode) => ({ mode, place: nameOf('workerd', 'ws', mode) }))

for (const { mode, place } of places)
  describe(place, () => {
    let backend: Backend
    let workerd: Workerd | undefined
    beforeAll(async () => {
      backend = await startBackend()
      workerd = await Workerd.start(await bundleForWorker('worker.ts'))
    })
    afterEach(() => backend.reset())
    afterAll(async () => {
      await workerd?.stop()
      await backend.stop()
    })

    for (const name of [...scenariosIn(mode).map(({ name }) => name), ...shownIn(place)]) {
      test(name, async (context) => {
        const known = limitOf(place, name)
        if (known) context.skip(`${known.limit}; shown by ${known.shownBy}`)
        const running = workerd as Workerd
        await running.run({ name, way: { mode, socket: 'own' }, addresses: backend.addresses })
      })
    }

    test('workerd ends when it is asked to', async () => {
      const running = workerd as Workerd
      workerd = undefined
      expect(await running.stop()).toEqual({ code: 0, signal: null })
    })
  })

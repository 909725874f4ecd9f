import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { type Backend, startBackend } from '../lab/backend.ts'
import { modes } from '../lab/lab.ts'
import { bundleForWorker } from '../runtimes/bundle.ts'
import { nameOf } from '../runtimes/places.ts'
import { Workerd } from '../runtimes/workerd.ts'
import { scenariosIn } from '../scenarios/index.ts'

// The shared scenarios in a Worker, bundled with the packed package as the tools for such runtimes do.

for (const mode of modes)
  describe(nameOf('workerd', 'ws', mode), () => {
    let backend: Backend
    let workerd: Workerd
    beforeAll(async () => {
      backend = await startBackend()
      workerd = await Workerd.start(await bundleForWorker('worker.ts'))
    })
    afterEach(() => backend.reset())
    afterAll(async () => {
      await workerd?.stop()
      await backend.stop()
    })

    for (const { name } of scenariosIn(mode)) {
      test(name, () => workerd.run({ name, way: { mode, socket: 'own' }, addresses: backend.addresses }))
    }
  })

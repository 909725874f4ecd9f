import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../lab/backend.ts'
import { bundleForProcess } from '../runtimes/bundle.ts'
import { limitOf, shownIn } from '../runtimes/limits.ts'
import { processPlaces } from '../runtimes/places.ts'
import { RuntimeProcess } from '../runtimes/runtime-process.ts'
import { scenariosIn } from '../scenarios/index.ts'

// The shared scenarios in processes of other runtimes, with the packed package as an application has it installed.

/** How long the process may take to end: long enough for a busy machine. */
const END_MS = 30_000

for (const { place, runtime, socket, mode } of processPlaces)
  describe(place, () => {
    let backend: Backend
    let runner: RuntimeProcess | undefined
    let file: string
    beforeAll(async () => {
      backend = await startBackend()
      file = await bundleForProcess('runner.ts')
    })
    afterEach(() => backend.reset())
    afterAll(async () => {
      runner?.kill()
      await runner?.ended
      await backend.stop()
    })

    for (const name of [...scenariosIn(mode).map(({ name }) => name), ...shownIn(place)]) {
      test(name, async (context) => {
        const known = limitOf(place, name)
        if (known) context.skip(`${known.limit}; shown by ${known.shownBy}`)
        runner ??= new RuntimeProcess(runtime, file, [JSON.stringify([{ mode, socket }, backend.addresses])])
        const answer = await runner.ask(name).catch((error: unknown) => {
          // The next scenario gets a process of its own.
          runner = undefined
          throw error
        })
        const { failure } = JSON.parse(answer) as { failure?: string }
        if (failure !== undefined) throw new Error(failure)
      })
    }

    test('the process ends by itself when all of this is over', async () => {
      const one = runner
      one?.leaveAlone()
      expect(await one?.endedWithin(END_MS)).toEqual({ code: 0, signal: null, stderr: '' })
      runner = undefined
    })
  })

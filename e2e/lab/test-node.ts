import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { scenariosIn } from '../scenarios/index.ts'
import { type Backend, startBackend } from './backend.ts'
import { type Mode, runScenario } from './lab.ts'
import { nodeEnvironment } from './node-environment.ts'

/** Makes a test of each scenario, run in this Node with the packages as built. @param list by default all that hold in the mode */
export function testNode(scheme: 'ws' | 'wss', mode: Mode, list = scenariosIn(mode)): void {
  describe(`Node over ${scheme}, ${mode}`, () => {
    const secure = scheme === 'wss'
    let backend: Backend
    beforeAll(async () => {
      backend = await startBackend({ secure })
    })
    afterEach(() => backend.reset())
    afterAll(() => backend.stop())

    for (const scenario of list) {
      test(scenario.name, () => runScenario(scenario, nodeEnvironment({ secure, mode }), backend.addresses))
    }
  })
}

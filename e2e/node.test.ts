import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { runScenario } from './lab/lab.ts'
import { nodeEnvironment } from './lab/node-environment.ts'
import { scenarios } from './scenarios/index.ts'

describe.each(['ws', 'wss'])('Node over %s', (scheme) => {
  const secure = scheme === 'wss'
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ secure })
  })
  afterEach(() => backend.reset())
  afterAll(() => backend.stop())

  for (const scenario of scenarios) {
    test(scenario.name, () => runScenario(scenario, nodeEnvironment({ secure }), backend.addresses))
  }
})

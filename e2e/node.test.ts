import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { type Backend, startBackend } from './lab/backend.ts'
import { type Mode, modes, runScenario } from './lab/lab.ts'
import { nodeEnvironment } from './lab/node-environment.ts'
import { scenariosIn } from './scenarios/index.ts'
import { resumed } from './scenarios/resume.ts'

/** Over TLS in resume mode: what only that mode has. What both modes have runs over TLS in plain mode, and in everywhere/. */
const listOf = (secure: boolean, mode: Mode) => (secure && mode === 'resume' ? resumed : scenariosIn(mode))

const places = modes.flatMap((mode) => ['ws', 'wss'].map((scheme) => [scheme, mode] as const))

describe.each(places)('Node over %s, %s', (scheme, mode) => {
  const secure = scheme === 'wss'
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ secure })
  })
  afterEach(() => backend.reset())
  afterAll(() => backend.stop())

  for (const scenario of listOf(secure, mode)) {
    test(scenario.name, () => runScenario(scenario, nodeEnvironment({ secure, mode }), backend.addresses))
  }
})

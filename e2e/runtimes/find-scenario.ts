import type { Scenario } from '../lab/lab.ts'
import { scenarios } from '../scenarios/index.ts'
import { ownSocketScenarios } from './own-socket.ts'

/** Finds a scenario: one that holds everywhere, or one that shows a limit. @throws Error when there is none */
export function findScenario(name: string): Scenario {
  const found = [...scenarios, ...ownSocketScenarios].find((one) => one.name === name)
  if (!found) throw new Error(`no scenario is called ${name}`)
  return found
}

import type * as holdfast from 'holdfast'
import type { resume } from 'holdfast/resume'
import { scenarios } from '../scenarios/index.ts'
import { type Addresses, type EnvironmentName, type Mode, runScenario } from './lab.ts'

// Runs in a page or a worker, where a CDN file has set the global `Holdfast`: for resume mode, the second one.

const place = globalThis as unknown as {
  Holdfast: typeof holdfast & { resume: typeof resume }
  runInPage: typeof runInPage
}

/** Runs a scenario here. @param environment the kind of place, and how sessions speak in it */
async function runInPage(
  name: string,
  environment: { readonly name: EnvironmentName; readonly mode: Mode },
  addresses: Addresses,
): Promise<void> {
  const scenario = scenarios.find((one) => one.name === name)
  if (!scenario) throw new Error(`no scenario is called ${name}`)
  const { Holdfast } = place
  await runScenario(scenario, { ...environment, holdfast: Holdfast, resume: Holdfast.resume }, addresses)
}

place.runInPage = runInPage

import type * as Holdfast from 'holdfast'
import { scenarios } from '../scenarios/index.ts'
import { type Addresses, type EnvironmentName, runScenario } from './lab.ts'

// Runs in a page or a worker, where the CDN file has set the global `Holdfast`.

const place = globalThis as unknown as { Holdfast: typeof Holdfast; runInPage: typeof runInPage }

async function runInPage(name: string, environment: EnvironmentName, addresses: Addresses): Promise<void> {
  const scenario = scenarios.find((one) => one.name === name)
  if (!scenario) throw new Error(`no scenario is called ${name}`)
  await runScenario(scenario, { name: environment, holdfast: place.Holdfast }, addresses)
}

place.runInPage = runInPage

import type * as holdfast from 'holdfast'
import type { resume } from 'holdfast/resume'
import { scenarios } from '../scenarios/index.ts'
import { type Addresses, type EnvironmentName, type Mode, runScenario } from './lab.ts'

// Runs in a page or a worker, where a CDN file has set the global `Holdfast`: for resume mode, the second one.

const place = globalThis as unknown as {
  Holdfast: typeof holdfast & { resume: typeof resume }
  runInPage: typeof runInPage
}

/** What nobody caught, since the last scenario. */
const uncaught: string[] = []
addEventListener('error', ({ message }) => uncaught.push(message))
addEventListener('unhandledrejection', ({ reason }) => uncaught.push(String(reason)))

/** Runs a scenario here; an error that nobody caught meanwhile fails it. @param environment the kind of place, and how sessions speak in it */
async function runInPage(
  name: string,
  environment: { readonly name: EnvironmentName; readonly mode: Mode },
  addresses: Addresses,
): Promise<void> {
  const scenario = scenarios.find((one) => one.name === name)
  if (!scenario) throw new Error(`no scenario is called ${name}`)
  const { Holdfast } = place
  await runScenario(scenario, { ...environment, holdfast: Holdfast, resume: Holdfast.resume }, addresses)
  // Rejections are told of in a task of their own.
  await new Promise((resolve) => setTimeout(resolve, 0))
  const [first] = uncaught.splice(0)
  if (first !== undefined) throw new Error(`nobody caught: ${first}`)
}

place.runInPage = runInPage

import * as holdfast from 'holdfast'
import { resume } from 'holdfast/resume'
import { type Addresses, runScenario } from '../lab/lab.ts'
import { scenarios } from '../scenarios/index.ts'
import { environmentFor, type Way } from './environment.ts'

// Runs in a Worker of workerd: each request names a scenario, and is answered when that has ended.

/** What a request asks for. */
export interface Ask {
  readonly name: string
  readonly way: Way
  readonly addresses: Addresses
}

/** Gives what went wrong, or an empty text. */
async function outcomeOf({ name, way, addresses }: Ask): Promise<string> {
  const scenario = scenarios.find((one) => one.name === name)
  if (!scenario) return `no scenario is called ${name}`
  try {
    await runScenario(scenario, environmentFor(way, { holdfast, resume }), addresses)
    return ''
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    return new Response(await outcomeOf((await request.json()) as Ask))
  },
}

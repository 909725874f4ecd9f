import * as holdfast from 'holdfast'
import { resume } from 'holdfast/resume'
import { type Addresses, runScenario } from '../lab/lab.ts'
import { environmentFor, type Way } from './environment.ts'
import { findScenario } from './find-scenario.ts'

// Runs in a Worker of workerd: each request names a scenario, and is answered when that has ended.

/** What a request asks for. */
export interface Ask {
  readonly name: string
  readonly way: Way
  readonly addresses: Addresses
}

/** Gives what went wrong, or an empty text. */
async function outcomeOf({ name, way, addresses }: Ask): Promise<string> {
  try {
    await runScenario(findScenario(name), environmentFor(way, { holdfast, resume }), addresses)
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

import { createInterface } from 'node:readline'
import * as holdfast from 'holdfast'
import { resume } from 'holdfast/resume'
import { WebSocket as NodeSocket } from 'ws'
import { type Addresses, runScenario } from '../lab/lab.ts'
import { environmentFor, type Way } from './environment.ts'
import { findScenario } from './find-scenario.ts'

// Runs in a process of Node, Bun or Deno: reads the names of scenarios from stdin, one per line, and answers each with one
// line of JSON. When stdin ends it does nothing more: the process must then end by itself.

const [way, addresses] = JSON.parse(process.argv[2] ?? '') as [Way, Addresses]
const environment = environmentFor(
  way,
  { holdfast, resume },
  (url, protocols) => new NodeSocket(url, protocols, { perMessageDeflate: false }) as never,
)

const uncaught: unknown[] = []
process.on('uncaughtException', (error) => uncaught.push(error))
process.on('unhandledRejection', (error) => uncaught.push(error))

/** Gives what went wrong, or nothing. */
async function outcomeOf(name: string): Promise<string | undefined> {
  try {
    await runScenario(findScenario(name), environment, addresses)
  } catch (error) {
    return textOf(error)
  }
  const [first] = uncaught.splice(0)
  return first === undefined ? undefined : `uncaught: ${textOf(first)}`
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

for await (const name of createInterface({ input: process.stdin })) {
  const failure = await outcomeOf(name)
  process.stdout.write(`${JSON.stringify(failure === undefined ? {} : { failure })}\n`)
}

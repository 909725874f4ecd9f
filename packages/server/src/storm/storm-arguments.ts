import { type ParseArgsConfig, parseArgs } from 'node:util'
import { shown } from '../option-checks.ts'
import { clientPolicies } from './client-policy.ts'
import { resolveStorm, serverModels, type StormOptions } from './storm-options.ts'

/** What the command line asks for. */
export type StormCommand =
  | { readonly name: 'help' }
  | {
      readonly name: 'simulate'
      /** One run each. */
      readonly storms: readonly StormOptions[]
      /** Where to write the chart. */
      readonly svgFile: string | undefined
      readonly json: boolean
    }

/** The text of `--help`. */
export const stormUsage = `holdfast-storm: simulates how a crowd of clients comes back after a restart

Usage: holdfast-storm [options]

  --clients <n>        clients that were connected (100000)
  --capacity <n>       handshakes the server can take per second (2000)
  --down <s>           seconds for which nobody listens (10)
  --drain <s>          a planned end instead: clients leave within so many seconds
  --timeout <s>        how long a client waits for its handshake (10)
  --policy <name>      what clients do; may be repeated, "all" for each (holdfast):
                       ${Object.keys(clientPolicies)
                         .join(', ')
                         .replace(/(.{50,60}), /g, '$1,\n                       ')}
  --server <model>     ${serverModels.join(', ')} (admission)
  --seed <n>           makes a run repeatable (1)
  --svg <file>         draws a chart into a file
  --json               prints the results as JSON
  --help               prints this and exits

Times count from the moment the server is up. "after" are tries per client from then on.
`

const flags = {
  clients: { type: 'string' },
  capacity: { type: 'string' },
  down: { type: 'string' },
  drain: { type: 'string' },
  timeout: { type: 'string' },
  policy: { type: 'string', multiple: true },
  server: { type: 'string' },
  seed: { type: 'string' },
  svg: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

/** Options that come from a flag of another name, for messages that name what the user typed. */
const flagOf: Readonly<Record<string, string>> = {
  capacityPerS: 'capacity',
  downMs: 'down',
  drainMs: 'drain',
  timeoutMs: 'timeout',
}

/**
 * Reads command line arguments, without the program's name.
 * @throws TypeError or RangeError naming the argument
 */
export function readStormCommand(args: readonly string[]): StormCommand {
  const { values } = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false })
  if (values.help) return { name: 'help' }
  const raw = {
    clients: number('clients', values.clients),
    capacityPerS: number('capacity', values.capacity),
    downMs: number('down', values.down, 1_000),
    drainMs: number('drain', values.drain, 1_000),
    timeoutMs: number('timeout', values.timeout, 1_000),
    server: values.server,
    seed: number('seed', values.seed),
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
  const asked = values.policy ?? ['holdfast']
  const policies = asked.includes('all') ? Object.keys(clientPolicies) : asked
  const storms = policies.map((policy) => ({ ...given, policy }) as StormOptions)
  try {
    for (const storm of storms) resolveStorm(storm)
  } catch (error) {
    throw nameFlag(error)
  }
  return { name: 'simulate', storms, svgFile: values.svg, json: values.json ?? false }
}

/** Says `--down: …` where the option's own message says `downMs: …`. */
function nameFlag(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  error.message = error.message.replace(/^(\w+):/, (_all, name: string) => `--${flagOf[name] ?? name}:`)
  return error
}

function number(name: string, text: string | undefined, unit = 1): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * unit * 1_000) / 1_000
  throw new TypeError(`--${name}: must be a number, received ${shown(text)}`)
}

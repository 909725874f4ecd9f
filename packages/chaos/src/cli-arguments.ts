import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { BadValueError } from './bad-value-error.ts'
import { type ChaosOptions, resolveOptions } from './chaos-options.ts'
import { check } from './check.ts'
import { faultNames, faultRules } from './fault-rules.ts'
import { type FaultChange, noFaults } from './faults.ts'
import { mergeFaults } from './merge-faults.ts'
import { readSteps, type Step } from './step.ts'

/** Is what the command line asks for. */
export type CliRequest =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'run'; readonly isJson: boolean; readonly options: ChaosOptions }

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const argumentOptions = {
  target: text,
  listen: text,
  control: text,
  seed: text,
  schedule: text,
  json: flag,
  help: { ...flag, short: 'h' },
  version: { ...flag, short: 'v' },
  ...Object.fromEntries(faultNames.map((name) => [kebab(name), text])),
}

/** Reads `[host:]port`, with brackets around an IPv6 address. */
function readAddress(field: string, value: string): { host?: string; port: number } {
  const parts = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d+)$/.exec(value)
  if (parts === null) throw new BadValueError(field, '[host:]port', value)
  const port = check.integer(field, Number(parts[3]), 0, 65_535)
  const host = parts[1] ?? parts[2]
  return host === undefined ? { port } : { host, port }
}

function readNumber(field: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value)
  if (value === 'Infinity') return Infinity
  throw new BadValueError(field, 'a whole number', value)
}

/** Reads `100` or `up=100,down=20`. */
function readPerSide(field: string, value: string): number | Record<string, number> {
  if (!value.includes('=')) return readNumber(field, value)
  const sides = value.split(',').map((part) => {
    const [side = '', number = ''] = part.split('=')
    return [check.choice(field, side, ['up', 'down']), readNumber(field, number)]
  })
  return Object.fromEntries(sides) as Record<string, number>
}

function readFaults(values: Readonly<Record<string, unknown>>): FaultChange {
  const faults: Record<string, unknown> = {}
  for (const name of faultNames) {
    const [field, value, rule] = [`--${kebab(name)}`, values[kebab(name)], faultRules[name]]
    if (typeof value !== 'string') continue
    const read = {
      choice: () => (value === 'false' ? false : value),
      number: readNumber,
      'per-side': readPerSide,
    }[rule.kind]
    faults[name] = read(field, value)
    nameArgument(`faults.${name}`, field, () => mergeFaults(noFaults, { [name]: faults[name] }))
  }
  return faults
}

/** Runs a check and makes its error speak of the argument and not of the option behind it. */
function nameArgument<T>(option: string, argument: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof BadValueError) || !error.field.startsWith(option)) throw error
    throw new BadValueError(error.field.replace(option, argument), error.bound, error.received)
  }
}

function readSchedule(file: string): readonly Step[] {
  try {
    return readSteps(JSON.parse(readFileSync(file, 'utf8')), '--schedule')
  } catch (error) {
    if (error instanceof BadValueError) throw error
    throw new BadValueError('--schedule', 'the name of a readable JSON file', file)
  }
}

function readTarget(value: unknown): ChaosOptions['target'] {
  if (typeof value !== 'string') throw new BadValueError('--target', 'given as [host:]port', value)
  const { host = '127.0.0.1', port } = readAddress('--target', value)
  return { host, port: check.integer('--target', port, 1, 65_535) }
}

/**
 * Reads the command line, everything after the name of the command.
 *
 * @throws BadValueError naming the argument; TypeError from `parseArgs` for an unknown argument or a missing value
 */
export function readArguments(argv: readonly string[]): CliRequest {
  const { values } = parseArgs({ args: [...argv], options: argumentOptions, strict: true })
  const given: Readonly<Record<string, unknown>> = values
  if (given.help === true) return { kind: 'help' }
  if (given.version === true) return { kind: 'version' }
  const { listen, control, seed, schedule } = given
  const options: ChaosOptions = {
    target: readTarget(given.target),
    ...(typeof listen === 'string' ? readAddress('--listen', listen) : {}),
    ...(control === 'off' ? { control: false } : {}),
    ...(typeof control === 'string' && control !== 'off'
      ? { control: readAddress('--control', control) }
      : {}),
    ...(typeof seed === 'string' ? { seed: readNumber('--seed', seed) } : {}),
    faults: readFaults(given),
    ...(typeof schedule === 'string' ? { schedule: readSchedule(schedule) } : {}),
  }
  nameArgument('seed', '--seed', () =>
    nameArgument('control.host', '--control', () => resolveOptions(options)),
  )
  return { kind: 'run', isJson: given.json === true, options }
}

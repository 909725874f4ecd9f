import { mkdtempSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** An option that is a whole number: its default and its bounds. */
export interface NumberOption {
  readonly fallback: number
  readonly min: number
  readonly max: number
}

/** What a proof was asked for. */
export interface ProofOptions<Name extends string> {
  readonly numbers: Readonly<Record<Name, number>>
  readonly json: boolean
  /** Where the logs are written. */
  readonly folder: string
  /** Removes the logs, unless they were asked for. */
  clean(): void
}

/** Reads the arguments of a proof; bad ones end the process with 2 and say what is wrong. */
export function readProofOptions<Name extends string>(
  command: string,
  known: Readonly<Record<Name, NumberOption>>,
): ProofOptions<Name> {
  const entries = Object.entries<NumberOption>(known)
  const usage = entries.map(([name, { fallback }]) => `[--${name} ${fallback}]`).join(' ')
  const fail = (words: string): never => {
    process.stderr.write(`${words}\nusage: npm run ${command} -- ${usage} [--json] [--keep FOLDER]\n`)
    process.exit(2)
  }
  const number = (name: string, text: unknown, { fallback, min, max }: NumberOption): number => {
    const value = text === undefined ? fallback : Number(text)
    if (Number.isSafeInteger(value) && value >= min && value <= max && text !== '') return value
    return fail(`--${name}: must be a whole number from ${min} to ${max}, received ${String(text)}`)
  }
  const values = parse(Object.keys(known), fail)
  const keep = values['keep']
  const folder =
    typeof keep === 'string' ? resolve(keep) : mkdtempSync(join(tmpdir(), `holdfast-${command}-`))
  mkdirSync(folder, { recursive: true })
  // Logs are only ever added to: what an earlier run left would count.
  for (const name of ['client.log', 'server.log']) rmSync(join(folder, name), { force: true })
  return {
    numbers: Object.fromEntries(
      entries.map(([name, bounds]) => [name, number(name, values[name], bounds)]),
    ) as Record<Name, number>,
    json: values['json'] === true,
    folder,
    clean: () => {
      if (keep === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function parse(names: readonly string[], fail: (words: string) => never): Record<string, unknown> {
  const numbers = names.map((name) => [name, { type: 'string' as const }])
  const options = { json: { type: 'boolean' as const }, keep: { type: 'string' as const } }
  try {
    return parseArgs({ options: { ...Object.fromEntries(numbers), ...options } }).values
  } catch (error) {
    return fail((error as Error).message)
  }
}

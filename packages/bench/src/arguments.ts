import { parseArgs } from 'node:util'
import { measures } from './measures.ts'

/** What the command was asked for. */
export interface Arguments {
  readonly only: readonly string[]
  readonly json: boolean
  readonly quick: boolean
  readonly write: boolean
  readonly help: boolean
}

/** @throws Error naming the argument and what is needed */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.split(',').filter((name) => name !== '')
  const names = measures.map(({ name }) => name)
  for (const name of only) {
    if (!names.includes(name))
      throw new Error(`--only: names from ${names.join(', ')} are needed, received ${name}`)
  }
  if (values.write && only.length > 0) throw new Error('--write: needs everything, received --only as well')
  return { ...values, only }
}

/** What `--help` prints. */
export function help(): string {
  return [
    'npm run bench -- [--only NAME,NAME] [--quick] [--json] [--write]',
    '',
    '  --only   measures only these:',
    ...measures.map(({ name, about }) => `             ${name.padEnd(12)} ${about}`),
    '  --quick  fewer rounds and sessions: to see that it works, not to compare',
    '  --json   prints the results as JSON',
    '  --write  writes the table of README.md, docs/bench.md and the pictures',
  ].join('\n')
}

import { parseArgs } from 'node:util'
import { placeNames } from './places.mjs'

/** What `npm run everywhere -- --help` prints. */
export const help = `Runs the scenarios in every place that the library claims to work in, and writes docs/platforms.md.

  npm run everywhere
  npm run everywhere -- --only "Node 22"    the places whose names begin so; leaves the page as it is
  npm run everywhere -- --continue          leaves out what an earlier run has shown, of the same packages and tests:
                                            after a run that was ended, or that failed in few places
  npm run everywhere -- --list              the names of all places
`

/**
 * Reads the command line.
 * @param {readonly string[]} argv
 * @returns {{ only?: string, continue?: boolean, list?: boolean, help?: boolean }}
 * @throws Error naming what is wrong
 */
export function readArguments(argv) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      continue: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const { only } = values
  if (only !== undefined && !placeNames.some((name) => name.startsWith(only)))
    throw new Error(`--only: must be how the name of a place begins (see --list), got ${only}`)
  return values
}

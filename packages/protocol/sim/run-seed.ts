import { Broken, type Oracle } from './oracle.ts'
import { World } from './world.ts'

/** What came of a seed. */
export interface Result {
  readonly seed: number
  /** The invariant that broke, or nothing. */
  readonly broken: string | undefined
  readonly counts: Oracle['counts'] & World['events']
  readonly seen: Oracle['seen']
  /** Virtual milliseconds. */
  readonly tookMs: number
}

/** Runs one seed; the same seed gives the same run. Lines of a trace go into `trace`, when given. */
export function runSeed(seed: number, trace?: string[]): Result {
  const world = new World(seed, trace)
  const result = (broken: string | undefined): Result => ({
    seed,
    broken,
    counts: { ...world.oracle.counts, ...world.events },
    seen: world.oracle.seen,
    tookMs: world.agenda.now,
  })
  try {
    world.run()
    return result(undefined)
  } catch (error) {
    // A core that throws has failed as surely as one that breaks an invariant.
    const broken =
      error instanceof Broken
        ? error.message
        : `thrown: ${error instanceof Error ? error.stack?.split('\n', 3).join(' ') : String(error)}`
    trace?.push(`       ${broken}`)
    return result(broken)
  }
}

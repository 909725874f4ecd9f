import type { Table } from '../figures.ts'
import type { Lab } from '../lab.ts'

/** Something that is measured, by the name that `--only` knows. */
export interface Measure {
  readonly name: string
  /** What it tells, in a few words. */
  readonly about: string
  /** `busy`: measures CPU time, so nothing else is done meanwhile. `calm`: may run beside one that `waits`. */
  readonly load: 'busy' | 'calm' | 'waits'
  run(lab: Lab): Promise<readonly Table[]>
}

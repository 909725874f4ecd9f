import { BadValueError } from './bad-value-error.ts'
import { check } from './check.ts'
import { maxTimerMs } from './fault-rules.ts'
import { type FaultChange, noFaults } from './faults.ts'
import { mergeFaults } from './merge-faults.ts'

/** Names a thing a step can do besides setting faults. */
export type Action = 'cut' | 'reset' | 'clear'

/** Is one step of a schedule; it has `set`, `action` or both (then `set` comes first). */
export interface Step {
  /** Counts in milliseconds from the start of the schedule, not from the step before. */
  readonly afterMs: number
  /** Names the faults to set; the others stay. */
  readonly set?: FaultChange
  /** Does this once. */
  readonly action?: Action
  /** Switches the faults named in `set` off again after this many milliseconds; left out, they stay. */
  readonly forMs?: number
}

const maxSteps = 10_000
const actions: readonly Action[] = ['cut', 'reset', 'clear']

function readStep(field: string, value: unknown): Step {
  const given = check.object(field, value, ['afterMs', 'set', 'action', 'forMs'])
  if (given.set === undefined && given.action === undefined)
    throw new BadValueError(field, 'a step with set or action', value)
  if (given.forMs !== undefined && given.set === undefined)
    throw new BadValueError(`${field}.forMs`, 'left out in a step without set', given.forMs)
  if (given.set !== undefined) mergeFaults(noFaults, given.set, `${field}.set`)
  return {
    afterMs: check.integer(`${field}.afterMs`, given.afterMs, 0, maxTimerMs),
    ...(given.set === undefined ? {} : { set: given.set as FaultChange }),
    ...(given.action === undefined ? {} : { action: check.choice(`${field}.action`, given.action, actions) }),
    ...(given.forMs === undefined
      ? {}
      : { forMs: check.integer(`${field}.forMs`, given.forMs, 1, maxTimerMs) }),
  }
}

/**
 * Reads a schedule of unknown origin: at most 10,000 steps in any order.
 *
 * @throws BadValueError naming the step and field
 */
export function readSteps(value: unknown, field = 'schedule'): readonly Step[] {
  return check.list(field, value, maxSteps).map((step, index) => readStep(`${field}[${index}]`, step))
}

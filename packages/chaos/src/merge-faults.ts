import { BadValueError } from './bad-value-error.ts'
import { check } from './check.ts'
import { type FaultRule, faultNames, faultRules } from './fault-rules.ts'
import { type Faults, forSide, type PerSide } from './faults.ts'

type NumberRule = Exclude<FaultRule, { kind: 'choice' }>

function readNumber(field: string, value: unknown, rule: NumberRule): number {
  if (value === Infinity && rule.infinity === 'off') return 0
  return check.integer(field, value, 0, rule.max)
}

function readPerSide(field: string, value: unknown, rule: NumberRule, before: PerSide): PerSide {
  if (typeof value === 'number') return readNumber(field, value, rule)
  if (typeof value !== 'object') throw new BadValueError(field, 'a number or {up, down}', value)
  const given = check.object(field, value, ['up', 'down'])
  const read = (side: 'up' | 'down') =>
    given[side] === undefined ? forSide(before, side) : readNumber(`${field}.${side}`, given[side], rule)
  const [up, down] = [read('up'), read('down')]
  return up === down ? up : { up, down }
}

function readFault(field: string, value: unknown, rule: FaultRule, before: Faults[keyof Faults]): unknown {
  if (rule.kind === 'choice') return check.choice(field, value, rule.choices)
  if (rule.kind === 'number') return readNumber(field, value, rule)
  return readPerSide(field, value, rule, before as PerSide)
}

/**
 * Reads a change of unknown origin and returns the faults with that change made; what it does not name stays.
 *
 * @throws BadValueError for an unknown name or a value out of bounds; `before` is not touched
 */
export function mergeFaults(before: Faults, change: unknown, field = 'faults'): Faults {
  const given = check.object(field, change, faultNames)
  const named = faultNames.filter((name) => given[name] !== undefined)
  const read = named.map((name) => [
    name,
    readFault(`${field}.${name}`, given[name], faultRules[name], before[name]),
  ])
  return Object.freeze({ ...before, ...Object.fromEntries(read) })
}

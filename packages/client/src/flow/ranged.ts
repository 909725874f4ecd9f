import { assertNumber, assertOneOf, must } from '../bounds.ts'

/** The smallest and the largest value that a number may have; without the second, `Infinity`. */
export type Range = readonly [min: number, max?: number]

/**
 * Checks a group of numbers and fills in what is left out.
 * @throws TypeError when something is no number or unknown
 * @throws RangeError when a number is out of its range; both name the option, the bound and the value
 */
export function ranged<Name extends string>(
  group: string,
  raw: object,
  ranges: Readonly<Record<Name, Range>>,
  presets: Readonly<Partial<Record<Name, number>>>,
): Record<Name, number> {
  must(raw && typeof raw === 'object', TypeError, group, 'an object', raw)
  const names = Object.keys(ranges)
  for (const name of Object.keys(raw)) {
    assertOneOf(`unknown option ${group}.${name}`, name, names, TypeError)
  }
  const numbers = names.map((name) => {
    const value = (raw as Record<string, unknown>)[name] ?? presets[name as Name]
    const [min, max] = ranges[name as Name]
    assertNumber(`${group}.${name}`, value, min, max)
    return [name, value]
  })
  return Object.fromEntries(numbers) as Record<Name, number>
}

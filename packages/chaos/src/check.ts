import { BadValueError } from './bad-value-error.ts'

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads values of unknown type; each check returns the value with its type or throws a {@link BadValueError}. */
export const check = {
  integer(field: string, value: unknown, min: number, max: number): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    throw new BadValueError(field, `an integer from ${min} to ${max}`, value)
  },

  choice<T>(field: string, value: unknown, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw new BadValueError(
      field,
      `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
      value,
    )
  },

  text(field: string, value: unknown): string {
    if (typeof value === 'string' && value !== '') return value
    throw new BadValueError(field, 'a non-empty string', value)
  },

  /** An object with no other keys than the known ones: a misspelt name must not pass as "no fault". */
  object(field: string, value: unknown, known: readonly string[]): Fields {
    if (!isObject(value)) throw new BadValueError(field, 'an object', value)
    const unknown = Object.keys(value).find((key) => !known.includes(key))
    if (unknown === undefined) return value
    throw new BadValueError(
      `${field}.${unknown}`,
      `left out, as only ${known.join(', ')} exist`,
      value[unknown],
    )
  },

  list(field: string, value: unknown, maxItems: number): readonly unknown[] {
    if (Array.isArray(value) && value.length <= maxItems) return value
    throw new BadValueError(field, `a list of at most ${maxItems} items`, value)
  },
}

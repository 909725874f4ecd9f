import { withoutPrototype } from './bounded-json.ts'

interface Range {
  readonly min?: number
  readonly max?: number
}

/**
 * Reads known members of a parsed object one by one and remembers the first that is wrong; everything else in the object
 * is left alone. Getters return a harmless value after a fault, so a reader checks `fault` once, at its end.
 */
export class Members {
  readonly #source: object
  #fault: string | undefined

  constructor(source: object) {
    this.#source = source
  }

  /** Names the first member that was missing or wrong. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Reads an own member as it is; undefined when absent. */
  #own(key: string): unknown {
    return Object.hasOwn(this.#source, key) ? (this.#source as Record<string, unknown>)[key] : undefined
  }

  #wrong(key: string, wanted: string): void {
    this.#fault ??= `${key}: ${wanted}`
  }

  /** Reads a safe integer within the range, 0 to 2^53-1 when not given. */
  natural(key: string, range: Range = {}): number {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = range
    const value = this.#own(key)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
      return value + 0
    this.#wrong(key, `a whole number from ${min} to ${max}`)
    return min
  }

  /** Reads like `natural`; undefined when absent. */
  optionalNatural(key: string, range: Range = {}): number | undefined {
    return this.#own(key) === undefined ? undefined : this.natural(key, range)
  }

  /** Reads a text of 1 to `maxLength` characters. */
  text(key: string, maxLength: number): string {
    const value = this.#own(key)
    if (typeof value === 'string' && value.length > 0 && value.length <= maxLength) return value
    this.#wrong(key, `a text of 1 to ${maxLength} characters`)
    return ''
  }

  /** Reads like `text`; undefined when absent. */
  optionalText(key: string, maxLength: number): string | undefined {
    return this.#own(key) === undefined ? undefined : this.text(key, maxLength)
  }

  /** Reads like `text`; null when null. */
  nullableText(key: string, maxLength: number): string | null {
    return this.#own(key) === null ? null : this.text(key, maxLength)
  }

  /** Reads true or false. */
  flag(key: string): boolean {
    const value = this.#own(key)
    if (typeof value !== 'boolean') this.#wrong(key, 'true or false')
    return value === true
  }

  /** Reads like `flag`; undefined when absent. */
  optionalFlag(key: string): boolean | undefined {
    return this.#own(key) === undefined ? undefined : this.flag(key)
  }

  /** Reads a list of at most 16 short texts; absent is empty. */
  texts(key: string): readonly string[] {
    const value = this.#own(key)
    if (value === undefined) return []
    if (Array.isArray(value) && value.length <= 16 && value.every(isShortText)) return value
    this.#wrong(key, 'at most 16 texts of 1 to 64 characters')
    return []
  }

  /** Reads a list of 1 to 16 safe integers. */
  naturals(key: string): readonly number[] {
    const value = this.#own(key)
    if (Array.isArray(value) && value.length > 0 && value.length <= 16 && value.every(isNatural)) return value
    this.#wrong(key, '1 to 16 whole numbers')
    return [0]
  }

  /** Reads a member of any shape, without prototypes; undefined when absent. */
  value(key: string): unknown {
    return withoutPrototype(this.#own(key))
  }

  /** Records that a member contradicts another. */
  require(holds: boolean, key: string, wanted: string): void {
    if (!holds) this.#wrong(key, wanted)
  }
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 64
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

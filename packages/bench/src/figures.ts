/** What was measured several times: the middle and the ends. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** A cell of a table: a figure, or why there is none. Nothing at all is `null` once it was JSON. */
export type Figure = Spread | { readonly text: string } | null | undefined

/** Figures of one kind for several contenders. */
export interface Table {
  readonly id: string
  readonly title: string
  /** What the numbers are, how they came about, and what to make of them. */
  readonly note: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** A column and its unit. */
export interface Column {
  readonly name: string
  readonly unit: string
  /** Digits behind the point. Default 2. */
  readonly digits?: number
}

/** A row, usually a contender. */
export interface Row {
  readonly name: string
  readonly figures: readonly Figure[]
}

/** Tells the median and the ends. @throws Error when there is nothing */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[0], sorted.at(-1)]
  if (low === undefined || high === undefined)
    throw new Error('spread: at least one value is needed, received none')
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? high
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? low) + upper) / 2
  return { median, low, high }
}

/** Makes a figure of a single value. */
export function single(value: number): Spread {
  return spreadOf([value])
}

/** Divides each value by the one of the same round, so that what slows the machine down for a while slows both. */
export function ratios(values: readonly number[], bases: readonly number[]): readonly number[] {
  return values.map((value, round) => value / (bases[round] ?? Number.NaN))
}

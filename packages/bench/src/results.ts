import type { Table } from './figures.ts'

/** What a run found out, and where. */
export interface Results {
  /** The day, as YYYY-MM-DD. */
  readonly date: string
  readonly node: string
  readonly cores: number
  readonly quick: boolean
  readonly tables: readonly Table[]
}

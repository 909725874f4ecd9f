import { integer } from './option-checks.ts'

/** How to drain. */
export interface DrainOptions {
  /**
   * Within how many milliseconds clients leave, each at a random moment. Default: what it takes to move all of them at 80 % of
   * `admission.perSecond`, from 5 s to 5 min. 0: all at once.
   */
  readonly spreadMs?: number
}

const HOUR_MS = 3_600_000
const SHORTEST_MS = 5_000
const LONGEST_MS = 300_000

/** Moving at full speed would leave no room for newcomers. */
const SHARE = 0.8

/** Settles how long a drain takes. @throws TypeError or RangeError for a bad `spreadMs` */
export function settleSpread(spreadMs: number | undefined, connections: number, perSecond: number): number {
  if (spreadMs !== undefined) return integer('spreadMs', spreadMs, { min: 0, max: HOUR_MS })
  const neededMs = Math.ceil((connections / (SHARE * perSecond)) * 1_000)
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, neededMs))
}

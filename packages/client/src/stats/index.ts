// For applications.
export type { Spread } from './samples.ts'
export { type Stats, stats, type StatsOptions, type StatsSnapshot } from './stats.ts'

export type { Signal } from '@holdfast/lifetime'
export type { Lease } from './lease.ts'
export { pool } from './pool.ts'
export type { PoolOptions, WhenExhausted } from './pool-options.ts'
export type { LeaveReason, PoolCounters, PoolStats } from './pool-stats.ts'
export type { DrainOptions, LeaseOptions, PoolEvents, PoolState, SessionPool } from './session-pool.ts'

// Above: for applications. Below: for those who build on a pool.
export { poolDefaults } from './pool-options.ts'

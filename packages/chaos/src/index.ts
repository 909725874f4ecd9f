// For those who put a proxy in front of a server.
export { startChaos } from './start-chaos.ts'
export type { ChaosOptions } from './chaos-options.ts'
export type { ChaosProxy } from './chaos-proxy.ts'
export { noFaults } from './faults.ts'
export type { AcceptMode, CloseWith, FaultChange, Faults, PerSide, Side, Sides } from './faults.ts'
export { randomSchedule } from './random-schedule.ts'
export type { RandomScheduleOptions, Trouble } from './random-schedule.ts'
export type { Action, Step } from './step.ts'
export type { ChaosEvent, LogEntry } from './chaos-event.ts'
export type { ConnectionInfo } from './live-connection.ts'
export type { EventListener } from './event-log.ts'
export { ChaosError } from './chaos-error.ts'
export type { ChaosErrorCode } from './chaos-error.ts'
export { BadValueError } from './bad-value-error.ts'

// For those who build their own schedules from a seed.
export { seededRandom } from './seeded-random.ts'
export type { Random } from './seeded-random.ts'

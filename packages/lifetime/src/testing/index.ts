export { type Leak, watchLeaks } from './leaks.ts'
export { ManualClock } from './manual-clock.ts'

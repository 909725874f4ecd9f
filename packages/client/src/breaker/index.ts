// For applications.
export { breakerDefaults, type BreakerNumbers, type BreakerOptions } from './breaker-options.ts'
export { circuitBreaker, type CircuitBreaker } from './circuit-breaker.ts'
export type { CircuitChange, CircuitEvents, CircuitState, TripReason } from './circuit-state.ts'
export {
  retryBudget,
  type RetryBudget,
  retryBudgetDefaults,
  type RetryBudgetOptions,
} from './retry-budget.ts'

// For those who decide by themselves what a failure is.
export { type Outcome, outcomeOf } from './outcome.ts'
export type { Tally } from './sliding-window.ts'

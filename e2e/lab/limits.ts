/** What a platform cannot do, and the test that shows what a session does there instead. */
export interface Limit {
  /** The place, or the words with which the names of all places begin that have this limit. */
  readonly place: string
  readonly limit: string
  /** File and name of the test. */
  readonly shownBy: string
  /** Scenarios that cannot hold there for this reason. Default: none. */
  readonly scenarios?: readonly string[]
}

/** All limits that the tests found. */
export const limits: readonly Limit[] = []

/** Finds the limit that keeps a scenario from holding in a place; `undefined` when it must hold. */
export function limitOf(place: string, scenario: string): Limit | undefined {
  return limits.find((one) => place.startsWith(one.place) && one.scenarios?.includes(scenario))
}

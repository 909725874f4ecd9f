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

const engineTests = 'e2e/engines.test.ts'

/** All limits that the tests found. */
export const limits: readonly Limit[] = [
  {
    place: 'WebKitGTK',
    limit:
      'a close with a code from 1012 to 2999 arrives as a lost connection, without code and reason: its network library ' +
      'takes such codes for an error; the session retries all the same, and a hint when to come back arrives with 4429',
    shownBy: `${engineTests}: a server close 1012 may arrive as a lost connection, and is retried like one`,
    scenarios: [
      'server close 1012: waiting with a fixed URL, waiting with a provider',
      'server close 1013: waiting with a fixed URL, waiting with a provider',
      'a hint in the close reason overrules the backoff, and is drawn up to half later',
      'a server that closes on an open session is answered, and what it said first is delivered',
    ],
  },
]

/** Finds the limit that keeps a scenario from holding in a place; `undefined` when it must hold. */
export function limitOf(place: string, scenario: string): Limit | undefined {
  return limits.find((one) => place.startsWith(one.place) && one.scenarios?.includes(scenario))
}

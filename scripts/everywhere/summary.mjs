/**
 * Sums a run up: how many places held, then every failure by place and scenario, then how many tests passed and failed.
 * @param {Readonly<Record<string, import('./page.mjs').Outcome>>} places
 * @param {readonly string[]} problems what is wrong beside tests that failed
 * @returns {{ lines: string[], ok: boolean }} `ok`: something ran, and nothing failed
 */
export function summarize(places, problems) {
  const outcomes = Object.entries(places)
  const failures = outcomes.flatMap(([place, { failed }]) => failed.map((name) => `${place} > ${name}`))
  const count = (kind) => outcomes.reduce((sum, [, outcome]) => sum + outcome[kind].length, 0)
  const whole = outcomes.filter(([, { failed }]) => failed.length === 0).length
  const passed = count('passed')
  const failed = failures.length + problems.length
  const lines = [
    `${whole} of ${outcomes.length} places and other groups of tests held; ${count('limited')} scenarios left out as limits`,
    ...[...failures, ...problems].map((text) => `FAIL ${text}`),
    `${passed} passed, ${failed} failed`,
  ]
  return { lines, ok: passed > 0 && failed === 0 }
}

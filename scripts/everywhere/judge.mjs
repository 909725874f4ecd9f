import { placeNames } from './places.mjs'

/**
 * Says what is wrong with a run beside tests that failed: places that did not run or that the table does not know, and limits
 * that no test shows.
 * @param {{ places: Readonly<Record<string, import('./page.mjs').Outcome>>, broken: readonly string[] }} results
 * @param {readonly import('./page.mjs').Limit[]} limits
 * @returns {string[]}
 */
export function judge({ places, broken }, limits) {
  const passed = Object.values(places).flatMap((outcome) => outcome.passed)
  const shows = ({ shownBy }) => passed.some((name) => shownBy.endsWith(name))
  return [
    ...broken.map(brokeOff),
    ...placeNames.filter((name) => !ran(places[name])).map((name) => `${name}: no scenario ran there`),
    ...limits
      .filter((limit) => !shows(limit))
      .map(({ place, shownBy }) => `${place}: a limit is not shown, no such test passed: ${shownBy}`),
  ]
}

/** Says that something could not be run to its end. @param {string} where */
export const brokeOff = (where) => `${where}: broke off`

/** Where a browser does not exist for this platform, its scenarios are limited all; then there is nothing to say. */
function ran(outcome) {
  return outcome !== undefined && outcome.passed.length + outcome.failed.length + outcome.limited.length > 0
}

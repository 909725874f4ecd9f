import { runStep } from '../run/steps.mjs'

/**
 * Makes what is missing, one thing after the other, up to the first that cannot be made.
 * @param {readonly (import('../run/steps.mjs').Step & { done: () => boolean })[]} steps
 * @returns {Promise<boolean>} whether everything is there now
 */
export async function prepare(steps) {
  for (const step of steps) {
    if (step.done()) continue
    console.log(`...  ${step.name}`)
    if ((await runStep(step)) !== 'passed') return false
  }
  return true
}

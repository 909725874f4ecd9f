/**
 * @typedef {object} Outcome
 * @property {boolean} ok
 * @property {string} output shown when the step failed, or when `show` says so
 * @property {boolean} [show] print the output of a good step too: numbers that people want to see
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Outcome | Promise<Outcome>} run
 *
 * @typedef {{ passed: number, failed: number }} Tally
 */

/**
 * Runs all steps, a few at once, and prints one line for each as it ends: `ok  name (ms)`, or `FAIL name` and what it
 * printed. A step that throws has failed; no step keeps another from running.
 * @param {readonly Step[]} steps
 * @param {{ atOnce?: number, print?: (line: string) => void }} [options]
 * @returns {Promise<Tally>}
 */
export async function runSteps(steps, { atOnce = 2, print = console.log } = {}) {
  const tally = { passed: 0, failed: 0 }
  const queue = [...steps]
  const worker = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      tally[await runStep(step, print)] += 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return tally
}

/** Runs one step and prints its line. @returns {Promise<keyof Tally>} */
export async function runStep({ name, run }, print = console.log) {
  const startedAt = performance.now()
  const { ok, output, show } = await outcomeOf(run)
  const text = output.trimEnd().replace(/^/gm, '     ')
  const ms = Math.round(performance.now() - startedAt)
  print(ok ? `ok   ${name} (${ms} ms)` : `FAIL ${name} (${ms} ms)`)
  if (text.trim() !== '' && (!ok || show)) print(text)
  return ok ? 'passed' : 'failed'
}

async function outcomeOf(run) {
  try {
    return await run()
  } catch (error) {
    return { ok: false, output: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

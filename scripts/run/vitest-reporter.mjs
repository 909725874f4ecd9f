// Prints one line per test file and every failure in full, and writes how many tests passed and failed into the file
// that HOLDFAST_TEST_TALLY names. A skipped test is a failure unless it says why: `context.skip('reason')`.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from '../project.mjs'

export default class TallyReporter {
  #tally = { passed: 0, failed: 0, excused: 0 }

  onTestModuleEnd(module) {
    const file = relative(root, module.moduleId)
    const outcomes = [...module.children.allTests()].map((test) => outcomeOf(test))
    const failures = [...brokenSuites(module), ...outcomes.filter(({ kind }) => kind === 'failed')]
    const count = (kind) => outcomes.filter((one) => one.kind === kind).length
    this.#tally.passed += count('passed')
    this.#tally.excused += count('excused')
    this.#tally.failed += failures.length
    const ms = Math.round(module.diagnostic().duration)
    const word = failures.length === 0 ? 'ok  ' : 'FAIL'
    console.log(`${word} ${file}: ${count('passed')} passed, ${failures.length} failed (${ms} ms)`)
    for (const { name, text } of outcomes.filter(({ kind }) => kind === 'excused'))
      console.log(`     skipped: ${name}: ${text}`)
    for (const { name, text } of failures) console.log(indent(`\nFAIL ${file} > ${name}\n${text}\n`))
  }

  onTestRunEnd(_modules, unhandledErrors) {
    for (const error of unhandledErrors) console.log(indent(`\nFAIL outside of any test\n${textOf(error)}\n`))
    this.#tally.failed += unhandledErrors.length
    writeFileSync(process.env['HOLDFAST_TEST_TALLY'], JSON.stringify(this.#tally))
  }
}

/** Errors outside of tests: a file that cannot be loaded, a hook that throws. */
function brokenSuites(module) {
  const suites = [module, ...module.children.allSuites()]
  return suites
    .filter((suite) => suite.errors().length > 0)
    .map((suite) => ({ name: suite.fullName ?? 'the file', text: suite.errors().map(textOf).join('\n') }))
}

function outcomeOf(test) {
  const name = test.fullName
  const { state, errors = [], note } = test.result()
  if (state === 'passed') return { kind: 'passed', name, text: '' }
  if (state === 'failed') return { kind: 'failed', name, text: errors.map(textOf).join('\n') }
  if (state === 'skipped' && note) return { kind: 'excused', name, text: note }
  return { kind: 'failed', name, text: `${state}, and does not say why` }
}

function textOf({ name, message, stack, diff, cause }) {
  const parts = [stack ?? `${name}: ${message}`, diff, cause ? `cause: ${textOf(cause)}` : undefined]
  return parts.filter((part) => part !== undefined).join('\n')
}

function indent(text) {
  return text.replace(/^(?=.)/gm, '     ')
}

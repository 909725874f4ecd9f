// Prints a line for each place as it begins and ends, and every failure at once with its place and scenario; writes how each
// test ended into the file that HOLDFAST_EVERYWHERE_RESULTS names.
import { writeFileSync } from 'node:fs'

export default class PlacesReporter {
  /** Place to outcome to names of tests. */
  #places = {}
  #broken = []

  onTestSuiteReady(suite) {
    if (suite.parent.type === 'module' && tests(suite).some(willRun)) console.log(`..   ${suite.name}`)
  }

  onTestCaseResult(test) {
    const { state, errors = [], note } = test.result()
    const place = placeOf(test)
    if (state === 'skipped' && !note) return // left out by --only
    const outcomes = (this.#places[place] ??= { passed: [], failed: [], limited: [] })
    const name = test.fullName.slice(place.length).replace(/^ > /, '')
    outcomes[state === 'skipped' ? 'limited' : state].push(name)
    if (state === 'failed') console.log(`FAIL ${place} > ${name}\n${indent(errors.map(textOf).join('\n'))}`)
  }

  onTestSuiteResult(suite) {
    if (suite.parent.type !== 'module') return
    const count = (state) => tests(suite).filter((test) => test.result().state === state).length
    const [passed, failed] = [count('passed'), count('failed')]
    this.#noteErrors(suite)
    if (passed + failed > 0)
      console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${suite.name}: ${passed} passed, ${failed} failed`)
  }

  onTestModuleEnd(module) {
    this.#noteErrors(module)
  }

  onTestRunEnd(_modules, errors) {
    for (const error of errors) this.#note('outside of any test', error)
    const results = { places: this.#places, broken: this.#broken }
    writeFileSync(process.env['HOLDFAST_EVERYWHERE_RESULTS'], JSON.stringify(results))
  }

  /** Notes what failed around tests: hooks, a file that cannot be loaded. */
  #noteErrors(entity) {
    for (const error of entity.errors()) this.#note(entity.name ?? entity.moduleId, error)
  }

  #note(where, error) {
    this.#broken.push(where)
    console.log(`FAIL ${where}\n${indent(textOf(error))}`)
  }
}

const tests = (suite) => [...suite.children.allTests()]
const willRun = (test) => test.options.mode === 'run'

/** The name of the outermost suite: the place. */
function placeOf(test) {
  let suite = test.parent
  while (suite.type === 'suite' && suite.parent.type === 'suite') suite = suite.parent
  return suite.type === 'suite' ? suite.name : ''
}

function textOf({ name, message, stack, diff }) {
  const parts = [stack ?? `${name}: ${message}`, diff]
  return parts.filter((part) => part !== undefined).join('\n')
}

function indent(text) {
  return text.replace(/^(?=.)/gm, '     ')
}

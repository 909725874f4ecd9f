#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Checks the model of the handshake, and that it would notice six mistakes:
//   node packages/protocol/model/run.mjs [--attempts 3] [--messages 3] [--only NAME] [--trace]
import { parseArgs } from 'node:util'
import { provideChecker } from './checker.mjs'
import { memoryLimitMiB, search } from './search.mjs'
import { searches } from './searches.mjs'

const usage = 'usage: run.mjs [--attempts 3] [--messages 3] [--only NAME] [--trace]'

/** @returns {never} */
function stop(message) {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

function readOptions() {
  const options = {
    attempts: { type: 'string', default: '3' },
    messages: { type: 'string', default: '3' },
    only: { type: 'string' },
    trace: { type: 'boolean', default: false },
  }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return stop(error.message)
  }
}

function wholeNumber(name, text, max) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  return stop(`--${name}: a whole number from 1 to ${max} is needed, received ${text}`)
}

function choose(list, name) {
  const chosen = list.filter((one) => name === undefined || one.name === name)
  if (chosen.length > 0) return chosen
  return stop(`--only: one of ${list.map((one) => one.name).join(', ')} is needed, received ${name}`)
}

/** Runs one search and says how it went; one that cannot be done counts as failed. */
async function attempt(what) {
  try {
    const result = await search(what, (states) => console.log(`     ${what.name}: ${states} states ...`))
    const passed = result.verdict === what.expected
    console.log(`${passed ? 'ok  ' : 'FAIL'} ${what.name}: ${result.failure ?? 'no error'}`)
    return { what, passed, ...result }
  } catch (error) {
    console.log(`FAIL ${what.name}: ${error.message}`)
    return { what, passed: false, states: 0, seconds: 0, memoryMiB: 0, verdict: 'unknown' }
  }
}

/** The long search has one core, the short ones share another. */
async function all(chosen) {
  const [first, ...others] = chosen
  const rest = async () => {
    const results = []
    for (const what of others) results.push(await attempt(what))
    return results
  }
  const [one, more] = await Promise.all([attempt(first), rest()])
  return [one, ...more]
}

function describe({ what, passed, verdict }) {
  if (!passed) return `FAIL: it ${verdict}, and ${what.expected === 'holds' ? 'must hold' : 'must fail'}`
  if (what.name === 'witness') return 'reached'
  return verdict === 'holds' ? '0 errors' : 'caught'
}

function printTable(results) {
  const rows = results.map((result) => [
    result.what.name,
    `${result.what.size.attempts} x ${result.what.size.messages}+${result.what.size.messages}`,
    result.states.toLocaleString('en'),
    `${result.seconds.toFixed(1)} s`,
    `${Math.round(result.memoryMiB)} MiB`,
    describe(result),
    result.what.what,
  ])
  const table = [['search', 'size', 'states', 'time', 'memory', 'result', 'what it is'], ...rows]
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  console.log()
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
}

const { attempts, messages, only, trace } = readOptions()
const size = {
  attempts: wholeNumber('attempts', attempts, 6),
  messages: wholeNumber('messages', messages, 6),
}
const chosen = choose(searches(size), only)
const missing = provideChecker(console.log)
if (missing === undefined) {
  console.log(
    `${size.attempts} attempts, ${size.messages} messages each way; at most ${memoryLimitMiB} MiB a search`,
  )
  const results = await all(chosen)
  printTable(results)
  for (const { what, trace: way, passed } of results) {
    if (way !== undefined && (trace || !passed)) console.log(`\nthe way to the end of ${what.name}:\n${way}`)
  }
  const failed = results.filter(({ passed }) => !passed).length
  console.log(`\n${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
} else {
  console.error(missing)
  console.log(`\n0 passed, ${chosen.length} failed`)
  process.exitCode = 1
}

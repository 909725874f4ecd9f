#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Measures a server with many real clients. Ends with 1 when a bar was missed, with 2 for bad arguments.
import { parseArgs } from 'node:util'
import { crowdDefaults, crowdParts, runCrowd } from './run-crowd.mjs'

const kebab = (name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
/** Above this, one address has too few ports for all of them. */
const MOST_CLIENTS = 25_000
/** Delays and sizes that may be 0. */
const mayBeZero = new Set(['downMs', 'stormDownMs', 'settleMs', 'loadMs'])
const bounds = (name) => ({
  min: mayBeZero.has(name) ? 0 : 1,
  max: name.toLowerCase().endsWith('clients') ? MOST_CLIENTS : 10_000_000,
})

const usage = `usage: npm run crowd -- [--only ${Object.keys(crowdParts).join(',')}] [--json] ${Object.entries(
  crowdDefaults,
)
  .map(([name, value]) => `[--${kebab(name)} ${value}]`)
  .join(' ')}`

function stop(message) {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

function readOptions() {
  const numbers = Object.keys(crowdDefaults).map((name) => [kebab(name), { type: 'string' }])
  try {
    const options = { ...Object.fromEntries(numbers), only: { type: 'string' }, json: { type: 'boolean' } }
    return parseArgs({ options }).values
  } catch (error) {
    return stop(error.message)
  }
}

function numbersOf(values) {
  const given = Object.keys(crowdDefaults).filter((name) => values[kebab(name)] !== undefined)
  const entries = given.map((name) => {
    const text = values[kebab(name)]
    const { min, max } = bounds(name)
    const value = text === '' ? Number.NaN : Number(text)
    if (Number.isSafeInteger(value) && value >= min && value <= max) return [name, value]
    return stop(`--${kebab(name)}: must be a whole number from ${min} to ${max}, received ${text}`)
  })
  return Object.fromEntries(entries)
}

function partsOf(text) {
  const names = text === undefined ? Object.keys(crowdParts) : text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(crowdParts, name))
  if (unknown === undefined) return names
  return stop(
    `--only: must name parts out of ${Object.keys(crowdParts).join(', ')}, received ${unknown || 'nothing'}`,
  )
}

/** A server needs a file for each connection, and cannot take in more than it may open. */
function checkFiles(clients) {
  const most = process.report.getReport().userLimits?.open_files?.hard
  if (typeof most !== 'number' && !/^\d+$/.test(most ?? '')) return
  if (Number(most) < clients + 500)
    stop(`--clients: ${clients} need ${clients + 500} open files, and the limit is ${most} (ulimit -Hn)`)
}

function tell({ name, seconds, machine, figures, bars }) {
  console.log(`\n${name}, ${seconds} s; load ${machine.load} on ${machine.cores} cores`)
  for (const [figure, value] of Object.entries(figures)) {
    console.log(`  ${figure}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }
  for (const { what, value, bar, met } of bars)
    console.log(`  ${met ? 'met   ' : 'MISSED'} ${what}: ${value} (${bar})`)
  console.log('')
}

// What was started ends with this process, whatever ends it.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => process.exit(code))
}
const values = readOptions()
const options = { ...numbersOf(values), only: partsOf(values.only) }
const { clients, drainClients } = { ...crowdDefaults, ...options }
checkFiles(Math.max(clients, drainClients))
const result = await runCrowd({ ...options, ...(values.json ? {} : { print: console.log, onPart: tell }) })
if (values.json) console.log(JSON.stringify(result, null, 2))
process.exitCode = result.met ? 0 : 1

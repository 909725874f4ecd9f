#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Fails servers and Redis over under load, and judges by the logs of both ends. Ends with 1 when a promise was broken.
import { parseArgs } from 'node:util'
import { failoverDefaults, runFailover } from './run-failover.mjs'

const usage =
  'usage: run.mjs [--kills N] [--zombies N] [--restarts N] [--ends N] [--forgetful] [--clients N] [--sendEveryMs N] [--seed N] [--json]'

function stop(message) {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

const numbers = ['kills', 'zombies', 'restarts', 'ends', 'clients', 'sendEveryMs', 'seed']

function readOptions() {
  const flag = { type: 'boolean', default: false }
  const text = Object.fromEntries(numbers.map((name) => [name, { type: 'string' }]))
  try {
    return parseArgs({ options: { ...text, forgetful: flag, json: flag } }).values
  } catch (error) {
    return stop(error.message)
  }
}

const { json, forgetful, ...given } = readOptions()
const options = { ...failoverDefaults, durable: !forgetful }
for (const name of numbers.filter((name) => given[name] !== undefined)) {
  const value = String(given[name])
  options[name] = Number(value)
  if (!Number.isSafeInteger(options[name]) || options[name] < 0) {
    stop(`--${name}: a whole number from 0 is needed, received ${value}`)
  }
}
const { violations, ...result } = await runFailover({ ...options, print: json ? () => {} : console.log })
if (json) console.log(JSON.stringify({ ...result, violations }, null, 2))
else {
  for (const [name, count] of Object.entries(result.counts)) console.log(`${name}: ${count}`)
  for (const violation of violations.slice(0, 20)) console.log(`VIOLATION ${violation}`)
  console.log(`${result.seconds} s, ${violations.length} violations`)
}
process.exitCode = violations.length === 0 ? 0 : 1

#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Bundles the simulator of servers that share a store and runs it, on every core:
//   node packages/server/sim/run.mjs [--seeds 1000] [--from 1] [--workers N] [--json]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
const usage = 'usage: run.mjs [--seeds 1000] [--from 1] [--workers N] [--json]'

function readOptions() {
  const text = (fallback) => ({ type: 'string', default: fallback })
  try {
    const options = { seeds: text('1000'), from: text('1'), workers: text(String(availableParallelism())) }
    return parseArgs({ options: { ...options, json: { type: 'boolean', default: false } } }).values
  } catch (error) {
    return stop(error.message)
  }
}

function stop(message) {
  console.error(`${message}\n${usage}`)
  return process.exit(2)
}

function wholeNumber(name, text, min) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  return stop(`--${name}: a whole number from ${min} is needed, received ${text}`)
}

async function report(bundle, from, seeds) {
  const args = [bundle, '--seeds', String(seeds), '--from', String(from)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of child.stdout) output += chunk
  return JSON.parse(output)
}

const { json, ...texts } = readOptions()
const seeds = wholeNumber('seeds', texts.seeds, 1)
const from = wholeNumber('from', texts.from, 0)
const workers = Math.min(wholeNumber('workers', texts.workers, 1), seeds)
const bundles = mkdtempSync(join(tmpdir(), 'holdfast-sim-'))
try {
  const bundle = join(bundles, 'sim.mjs')
  const how = { bundle: true, platform: 'node', format: 'esm', target: 'node20' }
  await build({ entryPoints: [join(folder, 'cli.ts')], outfile: bundle, ...how })
  const share = Math.ceil(seeds / workers)
  const parts = Array.from({ length: workers }, (_, index) => from + index * share)
  const reports = await Promise.all(
    parts.map((first) => report(bundle, first, Math.min(share, from + seeds - first))),
  )
  const totals = {}
  for (const { totals: counts } of reports)
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  const failures = reports.flatMap((part) => part.failures)
  const seconds = Math.max(...reports.map((part) => part.seconds))
  if (json) console.log(JSON.stringify({ from, seeds, seconds, failures, totals }))
  else {
    console.log(`${seeds} seeds from ${from} in ${seconds.toFixed(1)} s: ${failures.length} broken`)
    for (const [name, count] of Object.entries(totals)) console.log(`${name}: ${count}`)
    for (const { seed, broken } of failures.slice(0, 20)) console.log(`seed ${seed}: ${broken}`)
  }
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  rmSync(bundles, { recursive: true, force: true })
}

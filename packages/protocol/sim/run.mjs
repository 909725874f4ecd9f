#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Bundles the simulator and runs it, on every core:
//   node packages/protocol/sim/run.mjs [--seeds 1000] [--from 1] [--json] [--keep-going] [--workers N] [--trace SEED]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const usage = 'usage: run.mjs [--seeds 1000] [--from 1] [--json] [--keep-going] [--workers N] [--trace SEED]'

function stop(message) {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

function readOptions() {
  const text = (fallback) => ({ type: 'string', default: fallback })
  const flag = { type: 'boolean', default: false }
  const workers = text(String(availableParallelism()))
  try {
    const options = {
      seeds: text('1000'),
      from: text('1'),
      workers,
      trace: { type: 'string' },
      json: flag,
      'keep-going': flag,
    }
    return parseArgs({ options }).values
  } catch (error) {
    return stop(error.message)
  }
}

function wholeNumber(name, text, min) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  return stop(`--${name}: a whole number from ${min} is needed, received ${text}`)
}

/** Runs the bundle once and returns its status and what it printed; with `inherit` it prints for itself. */
async function run(bundle, args, stdout) {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', stdout, 'inherit'] })
  const ended = new Promise((resolve) => child.on('close', resolve))
  let output = ''
  if (child.stdout !== null) for await (const chunk of child.stdout) output += chunk
  return { status: await ended, output }
}

/** Gives each worker every n-th block of seeds, so that all end at about the same time, and adds up what they report. */
async function sweep(bundle, { seeds, from, workers, keepGoing }) {
  const block = Math.ceil(seeds / workers)
  const parts = Array.from({ length: workers }, (_, index) => ({
    from: from + index * block,
    seeds: Math.max(0, Math.min(block, seeds - index * block)),
  }))
  const startedAt = performance.now()
  const reports = await Promise.all(
    parts.map(async (part) => {
      const args = [
        '--seeds',
        String(part.seeds),
        '--from',
        String(part.from),
        '--json',
        ...(keepGoing ? ['--keep-going'] : []),
      ]
      return JSON.parse((await run(bundle, args, 'pipe')).output)
    }),
  )
  const totals = {}
  for (const report of reports) {
    for (const [name, count] of Object.entries(report.totals)) totals[name] = (totals[name] ?? 0) + count
  }
  const done = reports.reduce((sum, report) => sum + report.seeds, 0)
  const failures = reports.flatMap((report) => report.failures)
  return { from, seeds: done, workers, seconds: (performance.now() - startedAt) / 1_000, failures, totals }
}

function print({ from, seeds, seconds, failures, totals }) {
  console.log(`${seeds} seeds from ${from} in ${seconds.toFixed(1)} s: ${failures.length} broken`)
  console.log(
    Object.entries(totals)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  for (const { seed, broken } of failures.slice(0, 20))
    console.log(`seed ${seed}: ${broken}   (--trace ${seed} shows it)`)
}

const options = readOptions()
const trace = options.trace === undefined ? undefined : wholeNumber('trace', options.trace, 0)
const plan = {
  seeds: wholeNumber('seeds', options.seeds, 1),
  from: wholeNumber('from', options.from, 0),
  workers: wholeNumber('workers', options.workers, 1),
  keepGoing: options['keep-going'],
}
const dir = mkdtempSync(join(tmpdir(), 'holdfast-sim-'))
try {
  const bundle = join(dir, 'sim.mjs')
  const entry = fileURLToPath(new URL('cli.ts', import.meta.url))
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  if (trace !== undefined)
    process.exitCode = (await run(bundle, ['--trace', String(trace)], 'inherit')).status
  else {
    const report = await sweep(bundle, plan)
    if (options.json) console.log(JSON.stringify(report))
    else print(report)
    process.exitCode = report.failures.length === 0 ? 0 : 1
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}

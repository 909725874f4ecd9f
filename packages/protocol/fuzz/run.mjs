#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Throws malformed frames at the decoder, the client core and the server core:
//   node packages/protocol/fuzz/run.mjs [--frames 1000000] [--seed 1] [--json]
//   node packages/protocol/fuzz/run.mjs --replay TARGET:SEED:FRAMES
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const usage = 'usage: run.mjs [--frames 1000000] [--seed 1] [--json] | --replay TARGET:SEED:FRAMES'

/** The targets of each process: about the same work for two cores. */
const processes = ['decoder,client', 'server']
/** Seeds of cases are made from the seed of the run, and stay exact. */
const maxSeed = 1_000_000_000
const maxFrames = 1_000_000_000

/** @returns {never} */
function stop(message) {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

function readOptions() {
  const options = {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    replay: { type: 'string' },
  }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return stop(error.message)
  }
}

function wholeNumber(name, text, min, max) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  return stop(`--${name}: a whole number from ${min} to ${max} is needed, received ${text}`)
}

async function run(bundle, args, stdout) {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', stdout, 'inherit'] })
  const ended = new Promise((resolve) => child.on('close', resolve))
  let output = ''
  if (child.stdout !== null) for await (const chunk of child.stdout) output += chunk
  return { status: await ended, output }
}

async function attack(bundle, { frames, seed }) {
  const startedAt = performance.now()
  const outputs = await Promise.all(
    processes.map(async (target) => {
      const args = ['--frames', String(frames), '--seed', String(seed), '--target', target]
      const { status, output } = await run(bundle, args, 'pipe')
      if (output === '') throw new Error(`the process for ${target} ended with ${status} and said nothing`)
      return output.trim().split('\n')
    }),
  )
  const reports = outputs.flat().map((line) => JSON.parse(line))
  return { seed, seconds: (performance.now() - startedAt) / 1_000, reports }
}

function printFailure({ target, seed, frames, words, frame }) {
  console.log(`\n${target}: ${words}`)
  console.log(`the last frame: ${frame}`)
  console.log(`again: npm run fuzz -- --replay ${target}:${seed}:${frames}`)
}

function print({ seed, seconds, reports }) {
  for (const { tally } of reports) {
    const entries = Object.entries(tally).sort(([a], [b]) => a.localeCompare(b))
    console.log(entries.map(([name, count]) => `${name} ${count}`).join(', '))
  }
  console.log()
  for (const { target, frames, seconds, growthBytes, failure } of reports) {
    const rate = Math.round(frames / seconds).toLocaleString('en')
    const growth = `${(growthBytes / 1_024).toFixed(0)} KiB more on the heap`
    const verdict = failure === undefined ? 'holds' : 'BROKEN'
    console.log(
      `${target.padEnd(8)} ${frames.toLocaleString('en').padStart(9)} frames  ${seconds.toFixed(1)} s  ${rate}/s  ${growth}  ${verdict}`,
    )
  }
  for (const { failure } of reports) if (failure !== undefined) printFailure(failure)
  const frames = reports.reduce((sum, report) => sum + report.frames, 0)
  const broken = reports.filter(({ failure }) => failure !== undefined).length
  console.log(
    `\n${frames.toLocaleString('en')} malformed frames, seed ${seed}, in ${seconds.toFixed(1)} s: ${broken} broken`,
  )
}

const { frames, seed, json, replay } = readOptions()
const plan = {
  frames: wholeNumber('frames', frames, 1, maxFrames),
  seed: wholeNumber('seed', seed, 1, maxSeed),
}
const dir = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'))
try {
  const bundle = join(dir, 'fuzz.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('cli.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  if (replay === undefined) {
    const result = await attack(bundle, plan)
    if (json) console.log(JSON.stringify(result))
    else print(result)
    process.exitCode = result.reports.some(({ failure }) => failure !== undefined) ? 1 : 0
  } else process.exitCode = (await run(bundle, ['--replay', replay], 'inherit')).status
} finally {
  rmSync(dir, { recursive: true, force: true })
}

#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Runs the simulator against each mutant and prints the seed that kills it:
//   node packages/protocol/sim/mutants.mjs [--seeds 20000] [--only NAME] [--json]
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { mutants } from './mutant-list.mjs'
import { applyEdits } from './apply-edits.mjs'

const wantedShare = 0.95
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const seeds = Number(values.seeds)
if (!Number.isSafeInteger(seeds) || seeds < 1) {
  console.error(`--seeds: a whole number of at least 1 is needed, received ${values.seeds}`)
  process.exit(2)
}

/** Applies the edits to the files as they are bundled. */
function patches(edits) {
  return {
    name: 'patches',
    setup({ onLoad, onEnd }) {
      const left = new Set(edits.map(({ file }) => file))
      onLoad({ filter: /protocol[/\\]src[/\\].*\.ts$/ }, ({ path }) => {
        left.delete(basename(path))
        const contents = applyEdits(basename(path), readFileSync(path, 'utf8'), edits)
        return { contents, loader: 'ts' }
      })
      // A mutant that is not in the bundle would survive without having lived.
      onEnd(() => {
        for (const file of left) throw new Error(`${file} is not in the bundle`)
      })
    },
  }
}

async function hunt(dir, { name, edits }) {
  const outfile = join(dir, `${name}.mjs`)
  const entry = fileURLToPath(new URL('cli.ts', import.meta.url))
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent' }
  await build({ ...options, entryPoints: [entry], outfile, plugins: [patches(edits)] })
  const child = spawn(process.execPath, [outfile, '--seeds', String(seeds), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout) output += chunk
  const { failures, seconds } = JSON.parse(output)
  return { name, seed: failures[0]?.seed, broken: failures[0]?.broken, seconds }
}

const dir = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'))
const chosen = mutants.filter(({ name }) => values.only === undefined || name === values.only)
const results = []
try {
  const queue = [...chosen]
  const worker = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = await hunt(dir, mutant)
      results.push({ ...result, why: mutant.why, equivalent: mutant.equivalent })
      const verdict = result.seed === undefined ? `SURVIVES ${seeds} seeds` : `seed ${result.seed}`
      if (!values.json)
        console.log(
          `${result.name.padEnd(32)} ${verdict.padEnd(12)} ${(result.broken ?? mutant.equivalent ?? mutant.why).slice(0, 110)}`,
        )
    }
  }
  await Promise.all([worker(), worker()])
} finally {
  rmSync(dir, { recursive: true, force: true })
}
const killed = results.filter(({ seed }) => seed !== undefined)
const share = killed.length / results.length
if (values.json)
  console.log(JSON.stringify({ seeds, killed: killed.length, mutants: results.length, results }))
else console.log(`${killed.length} of ${results.length} killed (${(share * 100).toFixed(1)} %)`)
process.exitCode = share >= wantedShare ? 0 : 1

#!/usr/bin/env node
/* oxlint-disable no-console -- a command: what it prints is its result */
// Bundles a measurement and runs it in a process of its own:
//   node packages/server/measure/run.mjs broadcast [--clients 5000] [--messages 40] [--bytes 256] [--every-ms 250] [--json]
//   node packages/server/measure/run.mjs abuse [--half-open 5000] [--hellos 100000] [--json]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = dirname(fileURLToPath(import.meta.url))
const [what, ...args] = process.argv.slice(2)

if (what !== 'broadcast' && what !== 'abuse') {
  console.error('usage: run.mjs broadcast | abuse [options]')
  process.exit(2)
}

// Beside the packages, so that what is not bundled is found from there.
const cache = join(folder, '../../../node_modules/.cache')
mkdirSync(cache, { recursive: true })
const dir = mkdtempSync(join(cache, 'measure-'))
try {
  const bundle = join(dir, 'measure.mjs')
  await build({
    entryPoints: [join(folder, 'cli.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['ws'],
  })
  const child = spawn(process.execPath, ['--expose-gc', bundle, what, folder, ...args], { stdio: 'inherit' })
  const [status] = await once(child, 'close')
  process.exitCode = status ?? 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}

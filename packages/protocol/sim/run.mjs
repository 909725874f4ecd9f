#!/usr/bin/env node
// Bundles the simulator and runs it: node packages/protocol/sim/run.mjs --seeds 1000 --from 1 [--json] [--trace SEED]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dir = mkdtempSync(join(tmpdir(), 'holdfast-sim-'))
try {
  const outfile = join(dir, 'sim.mjs')
  const entry = fileURLToPath(new URL('cli.ts', import.meta.url))
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}

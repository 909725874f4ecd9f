#!/usr/bin/env node
// Bundles the programs of a proof and runs one of them, against the packages as built:
//   node e2e/proof/run.mjs soak [--seconds 60] [--resets 100] [--rate 1000] [--seed 1] [--json] [--keep FOLDER]
//   node e2e/proof/run.mjs kills [--rounds 50] [--in-flight 500] [--seed 1] [--json] [--keep FOLDER]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const [name, ...args] = process.argv.slice(2)
if (name !== 'soak' && name !== 'kills') {
  process.stderr.write(`usage: run.mjs soak|kills [options], received ${name}\n`)
  process.exit(2)
}

const here = fileURLToPath(new URL('.', import.meta.url))
// Beside the sources: from there the packages of the workspace are found.
const dir = mkdtempSync(join(here, '.built-'))
const clean = () => rmSync(dir, { recursive: true, force: true })
try {
  await build({
    entryPoints: [name, 'server', 'client'].map((entry) => join(here, `${entry}.ts`)),
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  const child = spawn(process.execPath, [join(dir, `${name}.mjs`), ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
} finally {
  clean()
}

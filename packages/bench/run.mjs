#!/usr/bin/env node
// Bundles the bench with the built packages as they are now, so that a build in the meantime changes nothing, and runs it.
// Other libraries are not bundled: they are loaded as an application in Node loads them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { chromiumExecutable } from '../../scripts/setup/browsers.mjs'
import { bundleBench } from './bundle.mjs'

const folder = import.meta.dirname
const cache = join(folder, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const dir = mkdtempSync(join(cache, 'bench-'))
try {
  const main = await bundleBench(dir)
  const child = spawn(process.execPath, ['--expose-gc', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOLDFAST_BENCH_ROOT: join(folder, '../..'),
      ...chromium(),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  const [status] = await once(child, 'close')
  process.exitCode = status ?? 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}

/** Where there is no Chromium its figures are left out, and the table says so. */
function chromium() {
  try {
    return { HOLDFAST_BENCH_CHROMIUM: chromiumExecutable() }
  } catch {
    return {}
  }
}

import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Builds the package into a directory of its own, as Node 20 runs no TypeScript; laid out as when published. */
export async function bundle(): Promise<{ index: string; cli: string; remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-chaos-'))
  const dist = join(directory, 'dist')
  mkdirSync(dist)
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'))
  await build({
    entryPoints: [join(root, 'src/index.ts'), join(root, 'src/cli.ts')],
    outdir: dist,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
  })
  return {
    index: join(dist, 'index.js'),
    cli: join(dist, 'cli.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** Runs a module to its end; rejects when it fails or does not end by itself in time. */
export function runModule(code: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ['--input-type=module', '--eval', code]
    execFile(process.execPath, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
    })
  })
}

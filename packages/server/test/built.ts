import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/**
 * Bundles the sources, much as the package's build does, into a folder laid out like the package, for child processes.
 * @returns a function that gives a path in that folder
 */
export function builtPackage(): (path: string) => string {
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-server-'))
    mkdirSync(join(folder, 'dist'))
    cpSync(join(packageFolder, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(packageFolder, '../../node_modules'), join(folder, 'node_modules'), 'junction')
    await build({
      entryPoints: {
        cli: 'src/cli.ts',
        index: 'src/index.ts',
        sessions: 'src/sessions/index.ts',
        hub: 'src/hub/index.ts',
        respond: 'src/respond/index.ts',
        metrics: 'src/metrics/index.ts',
        pino: 'src/pino/index.ts',
        'storm-cli': 'src/storm/storm-cli.ts',
      },
      absWorkingDir: packageFolder,
      outdir: join(folder, 'dist'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      external: ['ws', 'mitt', 'pino', 'prom-client'],
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (path) => join(folder, path)
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { appFolder } from '../../scripts/everywhere/folders.mjs'

/**
 * Bundles a file of this folder into the application that has the packed packages installed, and gives its path there. The
 * packages stay imports, so that the runtime finds them as it does for an application.
 */
export async function bundleForProcess(file: string): Promise<string> {
  return bundle(file, { external: ['holdfast', 'holdfast/*', '@holdfast/*', 'ws'], platform: 'node' })
}

/** Bundles a file with the packages inside, as the tools of such runtimes do, and gives its path. */
export async function bundleForWorker(file: string): Promise<string> {
  return bundle(file, {
    conditions: ['workerd', 'worker', 'browser'],
    platform: 'browser',
    plugins: [packedPackages],
  })
}

/** Takes our packages from the application, where the packed files are installed, and not from the repository. */
const packedPackages: Plugin = {
  name: 'packed-packages',
  setup(build) {
    build.onResolve({ filter: /^(@holdfast\/|holdfast(\/|$))/ }, ({ path, kind, resolveDir }) =>
      resolveDir === appFolder ? undefined : build.resolve(path, { kind, resolveDir: appFolder }),
    )
  },
}

async function bundle(file: string, options: BuildOptions): Promise<string> {
  const folder = join(appFolder, 'bundles')
  await mkdir(folder, { recursive: true })
  const outfile = join(folder, file.replace(/\.ts$/, '.mjs'))
  await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    outfile,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    ...options,
  })
  return outfile
}

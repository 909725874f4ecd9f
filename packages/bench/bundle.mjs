import { join } from 'node:path'
import { build } from 'esbuild'

const folder = import.meta.dirname

/** What is measured in its built form, as it is published. */
const built = {
  holdfast: 'client/dist/index.js',
  'holdfast/resume': 'client/dist/resume.js',
  'holdfast/codec': 'client/dist/codec.js',
  'holdfast/pool': 'client/dist/pool.js',
  'holdfast/rate': 'client/dist/rate.js',
  'holdfast/stats': 'client/dist/stats.js',
  '@holdfast/server': 'server/dist/index.js',
  '@holdfast/server/sessions': 'server/dist/sessions.js',
  '@holdfast/server/hub': 'server/dist/hub.js',
}

/**
 * Bundles the bench into a folder.
 * @param {string} outdir
 * @returns {Promise<string>} the file to run
 */
export async function bundleBench(outdir) {
  await build({
    entryPoints: [join(folder, 'src/main.ts'), join(folder, 'src/child.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [{ name: 'built', setup: resolveBuilt }],
  })
  return join(outdir, 'main.mjs')
}

function resolveBuilt(builder) {
  builder.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
    if (kind === 'entry-point') return undefined
    const file = built[path]
    return file === undefined ? { path, external: true } : { path: join(folder, '..', file) }
  })
}

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Backend, html, script } from './backend.ts'

const dist = dirname(createRequire(import.meta.url).resolve('holdfast'))

/** The CDN file, and the hash for its `integrity` attribute. */
export const cdn = {
  file: readFileSync(join(dist, 'holdfast.min.js')),
  integrity: readFileSync(join(dist, 'holdfast.min.js.sri'), 'utf8').trim(),
}

/** Serves the CDN file as `/holdfast.min.js`, the scenarios as `/scenarios.js`, and `/lab` with both. */
export async function servePages({ pages }: Backend): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('in-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    // For its types only; in the page the CDN file is the module.
    external: ['holdfast'],
  })
  pages.set('/holdfast.min.js', script(cdn.file))
  pages.set('/scenarios.js', script(outputFiles[0]?.text ?? ''))
  const sources = ['/holdfast.min.js', '/scenarios.js']
  pages.set('/lab', html(sources.map((source) => `<script src="${source}"></script>`).join('')))
}

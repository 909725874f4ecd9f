import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Backend, html, script } from './backend.ts'
import type { Mode } from './lab.ts'

const dist = dirname(createRequire(import.meta.url).resolve('holdfast'))

/** The CDN file, the hash for its `integrity` attribute, and the CDN file with `Holdfast.resume`. */
export const cdn = {
  file: readFileSync(join(dist, 'holdfast.min.js')),
  resumeFile: readFileSync(join(dist, 'holdfast.resume.min.js')),
  integrity: readFileSync(join(dist, 'holdfast.min.js.sri'), 'utf8').trim(),
}

/** The page with the CDN file of a mode and the scenarios, and the scripts of it, for workers. */
export const labPages: Readonly<
  Record<Mode, { readonly path: string; readonly scripts: readonly string[] }>
> = {
  plain: { path: '/lab', scripts: ['/holdfast.min.js', '/scenarios.js'] },
  resume: { path: '/lab-resume', scripts: ['/holdfast.resume.min.js', '/scenarios.js'] },
}

/** Serves the CDN files under their names, the scenarios as `/scenarios.js`, and `labPages`. */
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
  pages.set('/holdfast.resume.min.js', script(cdn.resumeFile))
  pages.set('/scenarios.js', script(outputFiles[0]?.text ?? ''))
  for (const { path, scripts } of Object.values(labPages)) {
    pages.set(path, html(scripts.map((source) => `<script src="${source}"></script>`).join('')))
  }
}

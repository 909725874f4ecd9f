// Builds the playground into `dist`: its own script, one stylesheet, the page, and a copy of the client's CDN file with resuming.
import { mkdirSync, readdirSync, readFileSync, copyFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

const here = import.meta.dirname
const dist = join(here, 'dist')
const client = join(here, '../packages/client/dist')
const plotStyles = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css')

/** The page is served as it is, so that what a reader finds in the repository is what the browser gets. */
const page = {
  name: 'page',
  buildStart() {
    for (const folder of ['public', 'styles'])
      for (const name of readdirSync(join(here, folder))) this.addWatchFile(join(here, folder, name))
  },
  writeBundle() {
    mkdirSync(dist, { recursive: true })
    for (const name of readdirSync(join(here, 'public')))
      copyFileSync(join(here, 'public', name), join(dist, name))
    for (const name of ['holdfast.resume.min.js', 'holdfast.resume.min.js.map'])
      copyFileSync(join(client, name), join(dist, name))
    const styles = readdirSync(join(here, 'styles')).sort()
    const files = [plotStyles, ...styles.map((name) => join(here, 'styles', name))]
    writeFileSync(join(dist, 'styles.css'), files.map((file) => readFileSync(file, 'utf8')).join('\n'))
  },
}

export default [
  {
    input: join(here, 'src/main.ts'),
    plugins: [nodeResolve({ browser: true }), esbuild({ target: 'es2022' }), page],
    output: { file: join(dist, 'playground.js'), format: 'iife', sourcemap: true },
  },
]

// Builds the page into `dist`: its script with the client in it, its stylesheet, and the page itself.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

const here = import.meta.dirname
const dist = join(here, 'dist')
const files = join(here, 'page/public')

/** The page is served as it is, so that what a reader finds in the repository is what the browser gets. */
const page = {
  name: 'page',
  buildStart() {
    for (const name of readdirSync(files)) this.addWatchFile(join(files, name))
  },
  writeBundle() {
    mkdirSync(dist, { recursive: true })
    for (const name of readdirSync(files)) copyFileSync(join(files, name), join(dist, name))
  },
}

export default {
  input: join(here, 'page/src/main.ts'),
  plugins: [nodeResolve({ browser: true }), esbuild({ target: 'es2022' }), page],
  output: { file: join(dist, 'chat.js'), format: 'iife', sourcemap: true },
}

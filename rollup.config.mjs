// Builds every published package: ESM and CJS with types, all subpaths of a package in one build so that they share
// one copy of each class; and the CDN file of the client.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import commonjs from '@rollup/plugin-commonjs'
import nodeResolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { dts } from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

/** Entry name (file in `dist`) to source file, for each published package. */
const published = {
  client: { index: 'src/index.ts', adaptive: 'src/adaptive.ts', testing: 'src/testing/index.ts' },
  server: { index: 'src/index.ts', cli: 'src/cli.ts' },
  chaos: { index: 'src/index.ts', cli: 'src/cli.ts' },
}

/** Private kernels: inlined, code and types, into whoever uses them. */
const kernels = ['@holdfast/lifetime', '@holdfast/mailbox', '@holdfast/protocol']

const transpile = () => esbuild({ target: 'es2022', tsconfig: 'tsconfig.json' })

/** What a package leaves as an import: Node's own modules and its declared run-time dependencies. */
function externals(dir) {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'))
  const names = Object.keys({ ...dependencies, ...peerDependencies })
  return (id) =>
    id.startsWith('node:') ||
    builtinModules.includes(id) ||
    names.some((name) => id === name || id.startsWith(`${name}/`))
}

function packageBuilds([name, entries]) {
  const dir = `packages/${name}`
  const input = Object.fromEntries(Object.entries(entries).map(([key, file]) => [key, `${dir}/${file}`]))
  const external = externals(dir)
  const library = Object.fromEntries(Object.entries(input).filter(([key]) => key !== 'cli'))
  const file = (extension) => ({
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `shared-[hash].${extension}`,
  })
  return [
    {
      input,
      external,
      plugins: [nodeResolve({ exportConditions: ['node'] }), transpile()],
      output: { dir: `${dir}/dist`, format: 'es', sourcemap: true, ...file('js') },
    },
    {
      input: library,
      external,
      plugins: [nodeResolve({ exportConditions: ['node'] }), transpile()],
      output: { dir: `${dir}/dist`, format: 'cjs', exports: 'named', sourcemap: true, ...file('cjs') },
    },
    {
      input: library,
      external,
      plugins: [dts({ includeExternal: kernels })],
      output: [
        { dir: `${dir}/dist`, format: 'es', ...file('d.ts') },
        { dir: `${dir}/dist`, format: 'es', ...file('d.cts') },
      ],
    },
  ]
}

/** The CDN file: one script, everything inlined, the browser's own WebSocket, global `Holdfast`. */
const cdn = {
  input: 'packages/client/src/index.ts',
  plugins: [nodeResolve({ browser: true }), commonjs(), transpile()],
  output: {
    file: 'packages/client/dist/holdfast.min.js',
    format: 'iife',
    name: 'Holdfast',
    sourcemap: true,
    plugins: [terser({ ecma: 2020, format: { comments: false }, compress: { passes: 3 } })],
  },
}

export default [...Object.entries(published).flatMap(packageBuilds), cdn]

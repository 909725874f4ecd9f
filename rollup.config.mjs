// Builds every published package: ESM and CJS with types, all subpaths of a package in one build so that they share
// one copy of each class; and the CDN file of the client.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, resolve } from 'node:path'
import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { dts } from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'
import { lets } from './scripts/rollup/let-for-const.mjs'
import { internalNames, shortInternalNames } from './scripts/rollup/short-internal-names.mjs'
import { shortPrivateNames } from './scripts/rollup/short-private-names.mjs'
import { slimDependencies } from './scripts/rollup/slim-dependencies.mjs'
import { cdnFile, cdnResumeFile, kernels, programs, published } from './scripts/project.mjs'

/** The CDN file is minified harder than an application's bundler would. */
const smallest = {
  ecma: 2022,
  format: { comments: false },
  // Moving function bodies into their callers, commas for semicolons and shorter loops save characters, but not compressed ones.
  compress: { passes: 3, pure_getters: true, unsafe_arrows: true, inline: 1, sequences: false, loops: false },
}

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

/** Kernels as sources of ours, not as packages: the bundler of types leaves everything from `node_modules` as an import. */
const kernelSources = {
  name: 'kernel-sources',
  resolveId(id) {
    const kernel = kernels.find((name) => id === name || id.startsWith(`${name}/`))
    if (kernel === undefined) return null
    const dir = `packages/${basename(kernel)}`
    const { exports } = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'))
    return resolve(dir, exports[`.${id.slice(kernel.length)}`])
  },
}

/** Types name `Symbol.dispose`: an application that has no such library in its settings gets it with them. */
const typesBanner = '/// <reference lib="esnext.disposable" />'

function packageBuilds([name, entries]) {
  const dir = `packages/${name}`
  const input = Object.fromEntries(Object.entries(entries).map(([key, file]) => [key, `${dir}/${file}`]))
  const external = externals(dir)
  const library = Object.fromEntries(Object.entries(input).filter(([key]) => !programs.includes(key)))
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
      plugins: [kernelSources, dts()],
      output: ['d.ts', 'd.cts'].map((extension) => ({
        dir: `${dir}/dist`,
        format: 'es',
        banner: typesBanner,
        ...file(extension),
      })),
    },
  ]
}

/** Writes the hash for the `integrity` attribute of a script tag next to the one file of a build. */
const integrity = {
  name: 'integrity',
  writeBundle({ file }) {
    const hash = createHash('sha384').update(readFileSync(file)).digest('base64')
    writeFileSync(`${file}.sri`, `sha384-${hash}\n`)
  },
}

/** Browsers need nothing of `ws`: the file that knows it has a twin that knows only the browser's own WebSocket. */
const browserSocket = {
  name: 'browser-socket',
  resolveId(id, importer) {
    return id.endsWith('/platform-socket.ts')
      ? resolve(dirname(importer), id.replace('.ts', '.browser.ts'))
      : null
  },
}

/** What the second file for script tags brings: everything, and `Holdfast.resume`. */
const withResume = {
  name: 'with-resume',
  resolveId: (id) => (id === 'with-resume' ? resolve('packages/client/src/with-resume.js') : null),
  load: (id) =>
    id.endsWith('with-resume.js')
      ? "export * from './index.ts'; export { batch, resume, resumeDefaults } from './resume/index.ts'"
      : null,
}

const forBrowsers = (input, output) => ({
  input,
  plugins: [
    withResume,
    browserSocket,
    nodeResolve({ browser: true }),
    slimDependencies(),
    commonjs(),
    transpile(),
  ],
  output: output.map((one) => ({ ...one, sourcemap: true })),
})
const bundled = (name, names) => [
  { file: `packages/client/dist/${name}.js`, format: 'es', plugins: names() },
  { file: `packages/client/dist/${name}.cjs`, format: 'cjs', exports: 'named', plugins: names() },
]
const forScriptTags = (file, names) => ({
  file,
  format: 'iife',
  name: 'Holdfast',
  plugins: [...names(), terser(smallest), integrity],
})
const shortNames = (internal) => () => [shortInternalNames(internal), shortPrivateNames(), lets()]

/** The client for browsers, everything inlined, so that no bundler has to find its way around `ws`. */
const browser = [
  forBrowsers('packages/client/src/index.ts', [
    ...bundled('browser', shortNames(internalNames.plain)),
    forScriptTags(cdnFile, shortNames(internalNames.plainAlone)),
  ]),
  forBrowsers(
    'packages/client/src/resume/index.ts',
    bundled('browser-resume', shortNames(internalNames.resume)),
  ),
  forBrowsers('with-resume', [forScriptTags(cdnResumeFile, shortNames(internalNames.resumeAlone))]),
]

/** Builds everything, or one package: `rollup -c --configOnly client`. */
export default function builds({ configOnly }) {
  const chosen = Object.entries(published).filter(([name]) => configOnly === undefined || name === configOnly)
  const all = chosen.flatMap(packageBuilds)
  return chosen.some(([name]) => name === 'client') ? [...all, ...browser] : all
}

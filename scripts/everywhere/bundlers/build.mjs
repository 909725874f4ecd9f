// Builds an entry with one of the bundlers that are installed beside a copy of this file, and prints what came of it as one
// line of JSON: `{ warnings, files }`. Arguments: bundler, entry, folder for the output.
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const [bundler, entry, outdir] = process.argv.slice(2)
const warnings = []
const warn = (message) => warnings.push(typeof message === 'string' ? message : JSON.stringify(message))

/** Vite says warnings to its logger, and Rolldown's through it. */
const viteLogger = {
  info: () => {},
  warn,
  warnOnce: warn,
  error: warn,
  clearScreen: () => {},
  hasErrorLogged: () => false,
  hasWarned: false,
}

const viteBuild = async (build, settings = {}) => {
  const { build: run } = await import('vite')
  await run({
    root: dirname(entry),
    configFile: false,
    customLogger: viteLogger,
    ...settings,
    build: { outDir: outdir, emptyOutDir: true, ...build },
  })
}

const builds = {
  async esbuild() {
    const { build } = await import('esbuild')
    const built = await build({
      entryPoints: [entry],
      outdir,
      bundle: true,
      minify: true,
      format: 'esm',
      logLevel: 'silent',
    })
    built.warnings.forEach(({ text }) => warn(text))
  },
  async rollup() {
    const { rollup } = await import('rollup')
    const { nodeResolve } = await import('@rollup/plugin-node-resolve')
    const { default: commonjs } = await import('@rollup/plugin-commonjs')
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ browser: true }), commonjs()],
      onLog: (level, { message }) => level === 'warn' && warn(message),
    })
    await bundle.write({ dir: outdir, format: 'es' })
    await bundle.close()
  },
  async webpack() {
    const { default: webpack } = await import('webpack')
    const compiler = webpack({ mode: 'production', entry, output: { path: outdir }, context: dirname(entry) })
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)))
    })
    const { warnings: told, errors } = stats.toJson({ all: false, warnings: true, errors: true })
    for (const { message } of [...told, ...errors]) warn(message)
    await new Promise((resolve) => compiler.close(resolve))
  },
  vite: () => viteBuild({ rollupOptions: { input: entry }, modulePreload: false }),
  // A server's own code, with the packages left in node_modules: what Vite does for a server that renders.
  'vite-ssr': () => viteBuild({ ssr: entry }),
  // The same with every package inside, for servers that are deployed as one file.
  'vite-ssr-one-file': () => viteBuild({ ssr: entry }, { ssr: { noExternal: true } }),
}

await builds[bundler]()
// A bundler that failed has written nothing.
mkdirSync(outdir, { recursive: true })
const files = readdirSync(outdir, { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile() && /\.m?js$/.test(file.name))
  .map((file) => join(file.parentPath ?? file.path, basename(file.name)))
process.stdout.write(`${JSON.stringify({ warnings, files })}\n`)

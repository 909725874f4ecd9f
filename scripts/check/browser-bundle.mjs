import { join } from 'node:path'
import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { rollup } from 'rollup'

/** What an application of a browser writes, by the name under which it is measured. */
export const browserUses = {
  "import { connect } from 'holdfast'": "import { connect } from 'holdfast'; globalThis.app = connect",
  "import { connect } from 'holdfast', { resume } from 'holdfast/resume'":
    "import { connect } from 'holdfast'; import { resume } from 'holdfast/resume'; globalThis.app = [connect, resume]",
  "import { circuitBreaker } from 'holdfast/breaker'":
    "import { circuitBreaker } from 'holdfast/breaker'; globalThis.app = circuitBreaker",
  "import { retryBudget } from 'holdfast/breaker'":
    "import { retryBudget } from 'holdfast/breaker'; globalThis.app = retryBudget",
  "import { sendLimit } from 'holdfast/rate'":
    "import { sendLimit } from 'holdfast/rate'; globalThis.app = sendLimit",
  "import { dialLimit } from 'holdfast/rate'":
    "import { dialLimit } from 'holdfast/rate'; globalThis.app = dialLimit",
  "import { pool } from 'holdfast/pool'": "import { pool } from 'holdfast/pool'; globalThis.app = pool",
  "import { registry } from 'holdfast/registry'":
    "import { registry } from 'holdfast/registry'; globalThis.app = registry",
  "import { coded, json } from 'holdfast/codec'":
    "import { coded, json } from 'holdfast/codec'; globalThis.app = [coded, json]",
  "import { batched, coded, compressed, json, validated } from 'holdfast/codec'":
    "import { batched, coded, compressed, json, validated } from 'holdfast/codec'; globalThis.app = [batched, coded, compressed, json, validated]",
  "import { limitLifetime } from 'holdfast/lifetime'":
    "import { limitLifetime } from 'holdfast/lifetime'; globalThis.app = limitLifetime",
  "import { request } from 'holdfast/request'":
    "import { request } from 'holdfast/request'; globalThis.app = request",
  "import { stats } from 'holdfast/stats'": "import { stats } from 'holdfast/stats'; globalThis.app = stats",
  "import { streams } from 'holdfast/streams'":
    "import { streams } from 'holdfast/streams'; globalThis.app = streams",
  "import * from 'holdfast'": "import * as holdfast from 'holdfast'; globalThis.app = holdfast",
}

/**
 * Bundles code as an application's build for browsers does: minified, with legal comments off.
 * @param {string} root where `node_modules` is
 * @param {string} code
 * @returns {Promise<{ code: string, modules: string[], imports: string[] }>} the bundle, the files in it, and what it
 *   leaves as an import
 */
export async function bundleForBrowser(root, code) {
  const entry = join(root, 'browser-use.js')
  const bundle = await rollup({
    input: entry,
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? code : null),
      },
      nodeResolve({ browser: true, rootDir: root, preferBuiltins: false }),
      commonjs(),
    ],
    onLog: () => {},
  })
  try {
    const { output } = await bundle.generate({
      format: 'es',
      plugins: [terser({ ecma: 2020, module: true, format: { comments: false } })],
    })
    return {
      code: output.map((chunk) => chunk.code).join('\n'),
      modules: output.flatMap((chunk) => Object.keys(chunk.modules)),
      imports: output.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]),
    }
  } finally {
    await bundle.close()
  }
}

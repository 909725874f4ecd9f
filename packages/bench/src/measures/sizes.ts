import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { single } from '../figures.ts'
import type { Measure } from './measure.ts'

/** What an application writes, ours first, and beside it what it would write with another library. */
const uses: readonly (readonly [name: string, code: string])[] = [
  ['holdfast', "export { connect } from 'holdfast'"],
  ['holdfast + resume', "export { connect } from 'holdfast'; export { resume } from 'holdfast/resume'"],
  ['holdfast/pool', "export { pool } from 'holdfast/pool'"],
  ['holdfast/rate', "export { sendLimit, dialLimit } from 'holdfast/rate'"],
  ['holdfast/breaker', "export { circuitBreaker } from 'holdfast/breaker'"],
  ['holdfast/registry', "export { registry } from 'holdfast/registry'"],
  ['holdfast/request', "export { request } from 'holdfast/request'"],
  ['holdfast/streams', "export { streams } from 'holdfast/streams'"],
  ['holdfast/stats', "export { stats } from 'holdfast/stats'"],
  ['reconnecting-websocket', "export { default } from 'reconnecting-websocket'"],
  ['partysocket', "export { WebSocket } from 'partysocket'"],
  ['graphql-ws', "export { createClient } from 'graphql-ws'"],
  ['phoenix', "export { Socket } from 'phoenix'"],
  ['socket.io', "export { io } from 'socket.io-client'"],
  ['signalr', "export { HubConnectionBuilder } from '@microsoft/signalr'"],
  ['centrifuge', "export { Centrifuge } from 'centrifuge'"],
]

/** What an application's bundle for browsers gains. */
export const sizesMeasure: Measure = {
  name: 'sizes',
  about: 'bytes that a bundle for browsers gains',
  load: 'calm',
  run: async (lab) => {
    const rows = []
    for (const [name, code] of uses) {
      lab.progress(name)
      const content = await bundled(lab.root, code)
      const sizes = [
        content.length,
        gzipSync(content, { level: 9 }).length,
        brotliCompressSync(content).length,
      ]
      rows.push({ name, figures: sizes.map(single) })
    }
    return [
      {
        id: 'sizes',
        title: 'Size of each entry',
        note: 'Bundled and minified by esbuild for browsers, with all dependencies, without legal comments.',
        columns: ['raw', 'gzip', 'brotli'].map((name) => ({ name, unit: 'B', digits: 0 })),
        rows,
      },
    ]
  },
}

async function bundled(root: string, contents: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, 'packages/bench') },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    legalComments: 'none',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

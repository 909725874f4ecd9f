// What the repository consists of: one plain list that the build, the checks and the set-up share. Node built-ins only,
// because it is read before anything is installed.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Published packages: the folder in `packages/`, and entry name (file in `dist`) to source file. */
export const published = {
  client: {
    index: 'src/index.ts',
    adaptive: 'src/adaptive.ts',
    breaker: 'src/breaker/index.ts',
    codec: 'src/codec/index.ts',
    node: 'src/node/index.ts',
    pool: 'src/pool/index.ts',
    rate: 'src/rate/index.ts',
    registry: 'src/registry/index.ts',
    resume: 'src/resume/index.ts',
    diagnostics: 'src/diagnostics/index.ts',
    lifetime: 'src/lifetime/index.ts',
    request: 'src/request/index.ts',
    stats: 'src/stats/index.ts',
    streams: 'src/streams/index.ts',
    testing: 'src/testing/index.ts',
  },
  server: {
    index: 'src/index.ts',
    sessions: 'src/sessions/index.ts',
    redis: 'src/redis/index.ts',
    hub: 'src/hub/index.ts',
    storm: 'src/storm/index.ts',
    respond: 'src/respond/index.ts',
    metrics: 'src/metrics/index.ts',
    pino: 'src/pino/index.ts',
    profile: 'src/profile/index.ts',
    cli: 'src/cli.ts',
    'storm-cli': 'src/storm/storm-cli.ts',
  },
  chaos: { index: 'src/index.ts', cli: 'src/cli.ts' },
  otel: { client: 'src/client.ts', server: 'src/server.ts' },
}

/** Folders that are a page, made with what is published: their `build` comes after it. */
export const pages = ['playground', 'examples/cluster']

/** Packages that ship the protocol's document and vectors, in `dist/protocol`; and what that is, in `packages/protocol`. */
export const speakProtocol = ['client', 'server']
export const protocolFiles = ['PROTOCOL.md', 'vectors']

/** Entries that are programs: no types, no CommonJS. */
export const programs = ['cli', 'storm-cli']

/** Private kernels: inlined, code and types, into whoever uses them. */
export const kernels = ['@holdfast/lifetime', '@holdfast/mailbox', '@holdfast/protocol']

/** The CDN files, plain and with `Holdfast.resume`; beside each, in a file of its name and `.sri`, the hash for `integrity`. */
export const cdnFile = 'packages/client/dist/holdfast.min.js'
export const cdnResumeFile = 'packages/client/dist/holdfast.resume.min.js'

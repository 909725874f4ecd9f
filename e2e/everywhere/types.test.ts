import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { appFolder, modulesOf } from '../../scripts/everywhere/folders.mjs'
import { compilers } from '../../scripts/everywhere/places.mjs'
import { subpathsOf } from '../runtimes/subpaths.ts'

// The packed types in applications that check their libraries, with the oldest and the newest compiler.

const subpaths = [...subpathsOf('holdfast'), ...subpathsOf('@holdfast/server')]
const clientPaths = subpathsOf('holdfast')

/** What every application can write. @param createSocket a function, where it has a socket of its own to give */
const useOf = (createSocket = '') => `
import { connect, isHoldfastError, type Incoming, type Session, type SessionOptions } from 'holdfast'
import { resume } from 'holdfast/resume'

const options: SessionOptions = { resume: resume(), autoConnect: false, backoff: { baseMs: 100 } }
export const session: Session = connect('wss://localhost/', { ...options${createSocket} })
export async function use(): Promise<Incoming | undefined> {
  using plain = connect(async ({ attempt }) => 'wss://localhost/' + attempt, { autoConnect: false })
  plain.on('state', ({ state }) => state.name === 'waiting' && state.cause.kind)
  for await (const message of session) return message
  return isHoldfastError(plain, 'closed') ? undefined : ''
}
`

interface Application {
  readonly lib: readonly string[]
  readonly types?: readonly string[]
  readonly imports?: readonly string[]
  readonly code: string
}

const socketOf = (make: string) => `, createSocket: (url, protocols) => new ${make}(url, [...protocols])`

/** Kinds of applications. */
const applications: Readonly<Record<string, Application>> = {
  'the language alone': { lib: ['es2022'], code: useOf() },
  DOM: { lib: ['es2022', 'dom'], code: useOf(socketOf('WebSocket')) },
  'a web worker': { lib: ['es2022', 'webworker'], code: useOf(socketOf('WebSocket')) },
  '@types/node': {
    lib: ['es2022'],
    types: ['node'],
    imports: subpaths,
    code: `import { createServer } from '@holdfast/server'\nexport const server = createServer({ port: Number(process.env['PORT']) })\n${useOf()}`,
  },
  '@types/ws': {
    lib: ['es2022'],
    types: ['node'],
    imports: subpaths,
    code: `import { WebSocket as NodeSocket } from 'ws'\n${useOf(socketOf('NodeSocket'))}`,
  },
}

/** How applications resolve packages. */
const resolutions = [
  { how: 'bundler', module: 'esnext', moduleResolution: 'bundler', extension: 'ts' },
  { how: 'Node, import', module: 'nodenext', moduleResolution: 'nodenext', extension: 'mts' },
  { how: 'Node, require', module: 'nodenext', moduleResolution: 'nodenext', extension: 'cts' },
] as const

/** Compiles an application, and gives what the compiler says: nothing, if all is well. */
async function compile(
  set: string,
  folder: string,
  { lib, types = [], imports = clientPaths, code }: Application,
  { extension, module, moduleResolution }: (typeof resolutions)[number],
): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const modules = modulesOf(set)
  const every = imports.map((path, at) => `export * as entry${at} from '${path}'`)
  await writeFile(join(folder, `application.${extension}`), `${every.join('\n')}\n${code}`)
  const compilerOptions = {
    target: 'es2022',
    lib,
    types,
    typeRoots: [join(modules, '@types')],
    // @types/ws is found here, and not installed for those who have no such types.
    paths: { ws: [join(modules, '@types/ws/index.d.ts')] },
    module,
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const files = [`application.${extension}`]
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  return run(join(modules, 'typescript/bin/tsc'), folder)
}

function run(compiler: string, folder: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '-p', folder], { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve(stdout + stderr || (error ? error.message : ''))
    })
  })
}

for (const [place, set] of Object.entries(compilers)) {
  describe(place, () => {
    for (const [name, application] of Object.entries(applications)) {
      for (const resolution of resolutions) {
        test(`${name}, resolved as ${resolution.how}`, async () => {
          const folder = join(
            appFolder,
            'types',
            `${set}-${name}-${resolution.extension}`.replace(/\W+/g, '-'),
          )
          expect(await compile(set, folder, application, resolution)).toBe('')
        })
      }
    }

    test('a wrong use is an error', async () => {
      const [resolution] = resolutions
      const wrong = { lib: ['es2022'], code: "import { connect } from 'holdfast'; connect(1)" }
      const folder = join(appFolder, 'types', `${set}-wrong`)
      expect(await compile(set, folder, wrong, resolution)).toContain('number')
    })
  })
}

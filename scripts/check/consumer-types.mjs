// The published types compile in an application that has neither DOM nor Node types and checks its libraries.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { runIfMain } from '../run/report-problems.mjs'

const options = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
}

/** How applications resolve packages: by a bundler, by Node as ESM, by Node as CommonJS. */
const resolutions = {
  bundler: {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    extension: 'ts',
  },
  'node, import': {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    extension: 'mts',
  },
  'node, require': {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    extension: 'cts',
  },
}

/** @param {string} root */
export function checkConsumerTypes(root, folder = 'packages/client') {
  const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const entries = Object.keys(exports).filter((path) => !/\.json$|\*/.test(path))
  const code = entries
    .map(
      (path, index) =>
        `import * as entry${index} from '${name}${path.slice(1)}'\nexport const keep${index} = entry${index}\n`,
    )
    .join('')
  const problems = Object.entries(resolutions).flatMap(([how, { extension, ...resolution }]) =>
    compile(root, join(root, `consumer.${extension}`), code, { ...options, ...resolution }).map(
      (message) => `${how}: ${message}`,
    ),
  )
  return { problems }
}

/** Compiles one file that exists in memory only. */
function compile(root, file, code, settings) {
  const host = ts.createCompilerHost(settings)
  const base = ts.createCompilerHost(settings)
  host.fileExists = (path) => path === file || base.fileExists(path)
  host.readFile = (path) => (path === file ? code : base.readFile(path))
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, code, settings.target, true) : base.getSourceFile(path, ...rest)
  host.getCurrentDirectory = () => root
  const program = ts.createProgram([file], settings, host)
  return ts.getPreEmitDiagnostics(program).map((one) => {
    const where = one.file ? `${relative(root, one.file.fileName)}: ` : ''
    return where + ts.flattenDiagnosticMessageText(one.messageText, '\n')
  })
}

await runIfMain(import.meta.url, checkConsumerTypes)

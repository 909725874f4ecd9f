// The steps of `npm run check` after the build, as a plain list.
import { join } from 'node:path'
import { published, root } from '../project.mjs'
import { programOf, runCommand } from '../run/command.mjs'

/** @type {readonly import('../run/steps.mjs').Step[]} */
export const checkSteps = [
  program('lint', 'oxlint', ['--type-aware']),
  program('types', 'tsc', ['-p', 'tsconfig.json'], 'typescript'),
  program('types without DOM and Node', 'tsc', ['-p', 'tsconfig.kernel.json'], 'typescript'),
  program('unused code', 'knip', ['--no-progress', '--no-config-hints']),
  program('format', 'biome', ['format'], '@biomejs/biome'),
  program('links', 'remark', ['.', '--quiet', '--frail', '--no-stdout'], 'remark-cli'),
  own('layers', { show: true }),
  own('habits', { show: true }),
  own('dependencies'),
  own('private words', { file: 'private-words' }),
  ...Object.keys(published).flatMap((name) => [
    program(`packaging of ${name}`, 'publint', ['run', '--strict', `packages/${name}`]),
    program(`types as installed: ${name}`, 'attw', attw(name), '@arethetypeswrong/cli'),
  ]),
  own('imports of built files', { file: 'dist-imports' }),
  own('types as used', { file: 'consumer-types' }),
  own('browser content', { file: 'browser-content' }),
  own('platforms'),
  own('protocol shipped', { file: 'protocol-shipped' }),
  own('integrity'),
  own('packed files', { file: 'tarballs' }),
  own('security', { file: 'security-table' }),
  own('sizes', { show: true }),
  own('numbers', { file: 'bench-table' }),
]

/** Node's old resolution knows no subpaths, whatever a package does; everything else must be right. */
function attw(name) {
  return [
    '--pack',
    `packages/${name}`,
    '--profile',
    'node16',
    '--no-color',
    '--no-emoji',
    '--no-definitely-typed',
  ]
}

function program(name, bin, args, packageName = bin) {
  return { name, run: () => runCommand(process.execPath, [programOf(bin, packageName), ...args]) }
}

function own(name, { file = name, show = false } = {}) {
  const script = join(root, 'scripts/check', `${file}.mjs`)
  return { name, run: async () => ({ ...(await runCommand(process.execPath, [script])), show }) }
}

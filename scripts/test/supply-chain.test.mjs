import { expect, test } from 'vitest'
import { checkSecurityTable } from '../check/security-table.mjs'
import { judgeTarball } from '../check/tarballs.mjs'
import { checkReproducible, differences } from '../reproducible.mjs'
import { root } from '../project.mjs'
import { smallRepository } from './small-repository.mjs'

const packed = [
  'package.json',
  'README.md',
  'LICENSE',
  'dist/index.js',
  'dist/index.js.map',
  'dist/index.cjs',
  'dist/index.d.ts',
  'dist/index.d.cts',
  'dist/cli.js',
  'dist/shared-B_3-g0.js',
]

test('names what has no business in a package, what is missing, and what would run when it is installed', () => {
  expect(judgeTarball('chaos', packed, {})).toEqual([])
  for (const file of [
    'src/index.ts',
    '.env',
    'dist/.env',
    'test/a.test.ts',
    'dist/a.test.ts',
    'dist/deep/index.js',
  ]) {
    expect(judgeTarball('chaos', [...packed, file], {})).toEqual([`packages/chaos: packs ${file}`])
  }
  expect(judgeTarball('chaos', packed.slice(1), {})).toEqual(['packages/chaos: does not pack package.json'])
  expect(judgeTarball('chaos', packed, { scripts: { test: 'x', postinstall: 'x' } })).toEqual([
    'packages/chaos: runs a script when it is installed, postinstall',
  ])
})

test('the same sources give the same files, byte for byte', { timeout: 300_000 }, async () => {
  expect((await checkReproducible(root, ['chaos'])).problems).toEqual([])
})

test('files that differ, and files that only one build has, are named', () => {
  const folder = smallRepository({
    'a/x.js': '1',
    'b/x.js': '2',
    'a/same.js': '1',
    'b/same.js': '1',
    'b/more.js': '1',
  })
  expect(differences(`${folder}/a`, `${folder}/b`).sort()).toEqual(['more.js', 'x.js'])
})

test('a threat without tests, a test that does not exist and tests of no threat are named', () => {
  const repository = smallRepository({ 'test/a.test.ts': "test('a fact', () => {})" })
  const table = (tests) => `| threat | defence | tests |\n|---|---|---|\n| one | this | T1 |\n\n${tests}`
  const row = (title, path = 'test/a.test.ts') => `  - [a](../${path}): ${title}\n`
  const problems = (text) => checkSecurityTable(repository, text).problems
  expect(problems(table(`- **T1**\n${row('a fact')}`))).toEqual([])
  expect(problems(table(''))).toEqual(['docs/security.md: "one" has no tests'])
  expect(problems(table(`- **T1**\n${row('a fancy')}`))).toEqual([
    'docs/security.md: test/a.test.ts has no test "a fancy"',
  ])
  expect(problems(table(`- **T1**\n${row('a fact', 'gone.ts')}`))).toEqual([
    'docs/security.md: gone.ts does not exist',
  ])
  expect(problems(table(`- **T1**\n${row('a fact')}- **T2**\n${row('a fact')}`))).toEqual([
    'docs/security.md: T2 belongs to no threat',
  ])
  expect(problems('')).toContain('docs/security.md: has no table')
})

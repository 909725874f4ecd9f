import { describe, expect, it } from 'vitest'
import { checkHabits } from '../check/habits.mjs'
import { median } from '../check/measure.mjs'
import { smallRepository } from './small-repository.mjs'

const sound = {
  'packages/client/package.json': { name: 'holdfast' },
  'packages/client/src/index.ts': "export { connect } from './connect.ts'\n",
  'packages/client/src/connect.ts': '/** Connects. */\nexport function connect(): number {\n  return 1\n}\n',
}

const check = (changes) => checkHabits(smallRepository({ ...sound, ...changes }))
const lines = (count, line) => `${line}\n`.repeat(count)

describe('the habit check', () => {
  it('accepts sound code and prints its numbers', () => {
    const { problems, report } = check({})
    expect(problems).toEqual([])
    expect(report).toContain(
      '2 files; code lines per file: median 2, most 3 (packages/client/src/connect.ts)',
    )
    expect(report).toContain('longest function: 3 code lines (connect in packages/client/src/connect.ts)')
  })

  it('names a file over 250 code lines, and does not count comments and blank lines', () => {
    const file = 'packages/client/src/long.ts'
    const comments =
      lines(300, '// word') +
      lines(300, '') +
      `/*\n${lines(300, 'word')}*/\n/**\n${lines(300, ' * word')} */\n`
    expect(check({ [file]: comments + lines(250, 'void 0') }).problems).toEqual([])
    expect(check({ [file]: comments + lines(251, 'void 0') }).problems).toEqual([
      `${file}: 251 code lines, the limit is 250`,
    ])
  })

  it.each([
    ['function', (body) => `function long() {\n${body}}\n`, 'long'],
    ['arrow function', (body) => `const long = () => {\n${body}}\n`, 'long'],
    ['method', (body) => `class Owner {\n  long() {\n${body}}\n}\n`, 'long'],
    ['constructor', (body) => `class Owner {\n  constructor() {\n${body}}\n}\n`, 'constructor'],
  ])('names a %s over 40 code lines', (_kind, wrap, name) => {
    const file = 'packages/client/src/long.ts'
    expect(check({ [file]: wrap(lines(38, 'void 0') + lines(50, '// word')) }).problems).toEqual([])
    const { problems } = check({ [file]: wrap(lines(39, 'void 0')) })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${name} has 41 code lines, the limit is 40`)
  })

  it('names a package whose files are large on the whole', () => {
    const files = ['a', 'b', 'c'].map((name) => [`packages/client/src/${name}.ts`, lines(111, 'void 0')])
    expect(check(Object.fromEntries(files)).problems).toEqual([
      'all files: the median is 111 code lines, the limit 110',
    ])
  })

  it.each([
    ['utils.ts', 'a file is named after what it holds, not "utils"'],
    ['types.ts', 'a file is named after what it holds, not "types"'],
    ['fileName.ts', 'file names are kebab-case'],
  ])('names the file name %s', (name, says) => {
    expect(check({ [`packages/client/src/${name}`]: '' }).problems).toEqual([
      `packages/client/src/${name}: ${says}`,
    ])
  })

  it.each(['setTimeout(run, 1)', 'globalThis.setInterval(run, 1)', "target.addEventListener('x', run)"])(
    'names the bare %s',
    (call) => {
      const { problems } = check({
        'packages/server/package.json': {},
        'packages/server/src/a.ts': `\n${call}\n`,
      })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(
        /^packages\/server\/src\/a\.ts:2: bare (setTimeout|setInterval|addEventListener)/,
      )
    },
  )

  it('lets the scope itself hold what is bare', () => {
    const files = {
      'packages/lifetime/package.json': {},
      'packages/lifetime/src/scope.ts': 'setTimeout(run, 1)\n',
    }
    expect(check(files).problems).toEqual([])
  })

  it.each([
    ["throw new Error('no')", 'errors of the client are HoldfastError'],
    ['this.#isOpen = true', 'the state is one tagged union'],
    ['let hasEnded = false', 'the state is one tagged union'],
  ])('names in the client: %s', (line, says) => {
    const { problems } = check({ 'packages/client/src/a.ts': `${line}\n` })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(says)
  })

  it('accepts TypeError and RangeError, and the word in a comment', () => {
    const code = "// not new Error(\nthrow new RangeError('no')\n"
    expect(check({ 'packages/client/src/a.ts': code }).problems).toEqual([])
  })
})

describe('the check for doc comments', () => {
  it('names an undocumented export that an entry reaches, through any file', () => {
    const { problems } = check({ 'packages/client/src/connect.ts': 'export const connect = 1\n' })
    expect(problems).toEqual(['packages/client/src/connect.ts:1: connect is public and has no doc comment'])
  })

  it('leaves alone what no entry reaches', () => {
    expect(check({ 'packages/client/src/inner.ts': 'export const inner = 1\n' }).problems).toEqual([])
  })

  it('names undocumented options and methods that are public', () => {
    const code = [
      '/** Options. */ export interface StayOptions {',
      '  bare: number',
      '  /** Said. */ said: number',
      '}',
      '/** Contract. */ export interface Contract {',
      '  /** Said. */ said(): void',
      '}',
      '/** Class. */ export class connect implements Contract {',
      '  #hidden() {}',
      '  private secret() {}',
      '  said() {}',
      '  method() {}',
      '  data = 1',
      '}',
      '/** Platform. */ export interface SocketLike { close(): void }',
      'export type Other = StayOptions',
    ].join('\n')
    const index = "export { connect, type Contract, type StayOptions, type SocketLike } from './connect.ts'\n"
    const { problems } = check({
      'packages/client/src/connect.ts': code,
      'packages/client/src/index.ts': index,
    })
    expect(problems.map((one) => one.replace(/^\S+ /, ''))).toEqual([
      'connect.method is public and has no doc comment',
      'StayOptions.bare is public and has no doc comment',
    ])
  })
})

describe('median', () => {
  it.each([
    [[], 0],
    [[3], 3],
    [[1, 9, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (numbers, middle) => {
    expect(median(numbers)).toBe(middle)
  })
})

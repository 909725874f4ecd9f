import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkBrowserContent } from '../check/browser-content.mjs'
import { checkConsumerTypes } from '../check/consumer-types.mjs'
import { checkDependencies } from '../check/dependencies.mjs'
import { checkDistImports } from '../check/dist-imports.mjs'
import { checkIntegrity } from '../check/integrity.mjs'
import { checkPrivateWords } from '../check/private-words.mjs'
import { smallRepository } from './small-repository.mjs'

const cdn = 'packages/client/dist/holdfast.min.js'
const cdnResume = 'packages/client/dist/holdfast.resume.min.js'

describe('the integrity check', () => {
  const hash = createHash('sha384').update('code').digest('base64')
  const plain = { [cdn]: 'code', [`${cdn}.sri`]: `sha384-${hash}\n` }
  const resume = { [cdnResume]: 'code', [`${cdnResume}.sri`]: `sha384-${hash}\n` }

  it('accepts the hash of the file', () => {
    expect(checkIntegrity(smallRepository({ ...resume, ...plain })).problems).toEqual([])
  })

  it('names the hash of another file, and a missing one', () => {
    const other = smallRepository({ ...resume, ...plain, [cdn]: 'other code' })
    expect(checkIntegrity(other).problems).toHaveLength(1)
    const without = smallRepository({ ...resume, [cdn]: 'code' })
    expect(checkIntegrity(without).problems).toEqual([`${cdn}.sri: was not built`])
  })
})

describe('the browser content check', () => {
  const files = {
    [cdn]: 'var Holdfast={connect(){}}',
    [`${cdn}.map`]: { sources: ['../src/index.ts'] },
    'node_modules/holdfast/package.json': { name: 'holdfast', type: 'module', exports: './index.js' },
    'node_modules/holdfast/index.js': 'export const connect = 1\n',
    'node_modules/ws/package.json': { name: 'ws', main: 'index.js' },
    'node_modules/ws/index.js': 'module.exports = class WebSocket {}\n',
  }
  const uses = { app: "import { connect } from 'holdfast'; globalThis.app = connect" }
  const problemsOf = async (changes) => {
    const { problems } = await checkBrowserContent(smallRepository({ ...files, ...changes }), uses)
    return problems
  }

  it('accepts code for browsers', async () => {
    expect(await problemsOf({})).toEqual([])
  })

  it.each([
    [
      'a node: import in the bundle',
      { 'node_modules/holdfast/index.js': "import fs from 'node:fs'; export const connect = fs\n" },
    ],
    [
      'ws in the bundle',
      { 'node_modules/holdfast/index.js': "import ws from 'ws'; export const connect = ws\n" },
    ],
    ['ws in the CDN file', { [`${cdn}.map`]: { sources: ['../../../node_modules/ws/index.js'] } }],
    ['require in the CDN file', { [cdn]: 'var a=require("fs")' }],
    ['eval in the CDN file', { [cdn]: 'var a=eval("1")' }],
    ['a CDN file without the global', { [cdn]: 'var Other={connect(){}}' }],
    ['a CDN file that needs the platform to load', { [cdn]: 'var Holdfast={connect(){}};document.title' }],
    ['no source map of the CDN file', { [`${cdn}.map`]: undefined }],
  ])('names %s', async (_what, changes) => {
    const kept = Object.fromEntries(
      Object.entries({ ...files, ...changes }).filter(([, content]) => content !== undefined),
    )
    const { problems } = await checkBrowserContent(smallRepository(kept), uses)
    expect(problems.length).toBeGreaterThan(0)
  })
})

describe('the check of imports in built files', () => {
  const problemsOf = (file, code) => {
    const root = smallRepository({
      'packages/client/package.json': { dependencies: { mitt: '3.0.1' } },
      [`packages/client/dist/${file}`]: code,
    })
    return checkDistImports(root, ['client']).problems
  }

  it('accepts declared dependencies, Node and files beside it', () => {
    const code = "import mitt from 'mitt'\nimport 'node:fs'\nimport 'http'\nexport * from './shared.js'\n"
    expect(problemsOf('index.js', code)).toEqual([])
  })

  it.each([
    ['index.js', "import { Scope } from '@holdfast/lifetime'\n", '@holdfast/lifetime'],
    ['index.cjs', "var ws = require('ws')\n", 'ws'],
    ['index.d.ts', "export { Clock } from '@holdfast/lifetime/testing'\n", '@holdfast/lifetime/testing'],
    ['index.d.cts', "export declare const a: import('ws').WebSocket\n", 'ws'],
  ])('names in %s: %s', (file, code, name) => {
    expect(problemsOf(file, code)).toEqual([
      `packages/client/dist/${file}: imports '${name}', which nobody installs with it`,
    ])
  })

  it('names a package that was not built', () => {
    expect(problemsOf('readme.md', '')).toEqual(['packages/client/dist: was not built'])
  })
})

describe('the dependency check', () => {
  const problemsOf = (dependencies, reasons) => {
    const root = smallRepository({ 'packages/client/package.json': { dependencies } })
    return checkDependencies(root, ['client'], { client: reasons }).problems
  }

  it('accepts what has a reason', () => {
    expect(problemsOf({ mitt: '3.0.1' }, { mitt: 'the registry' })).toEqual([])
  })

  it('names a dependency without a reason, and a reason without a dependency', () => {
    expect(problemsOf({ lodash: '4.0.0' }, { mitt: 'the registry' })).toEqual([
      'packages/client: installs lodash, which has no reason in scripts/check/dependencies.json',
      'packages/client: mitt is in scripts/check/dependencies.json and not in package.json',
    ])
  })
})

describe('the check for private words', () => {
  const problemsOf = (text) => checkPrivateWords(smallRepository({ 'a.md': text }), ['a.md']).problems

  it.each([
    `see ${['', 'work', 'main'].join('/')}`,
    `cd ${['', 'root', 'x'].join('/')}`,
    `"resolved": "https://${[['regis', 'try'].join(''), 'example', 'org'].join('.')}/x"`,
  ])('names %s', (text) => {
    expect(problemsOf(`first line\n${text}\n`)).toEqual([expect.stringMatching(/^a\.md:2: names a /)])
  })

  it.each(['docs/work/flow', 'this.#registry.all.get(type)', 'https://example.org/root/'])(
    'accepts %s',
    (text) => {
      expect(problemsOf(text)).toEqual([])
    },
  )
})

describe('the check of types as used', () => {
  const manifest = {
    name: 'holdfast',
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
  }
  const problemsOf = (types) => {
    const files = {
      'packages/client/package.json': manifest,
      'node_modules/holdfast/package.json': manifest,
      'node_modules/holdfast/index.js': '',
      'node_modules/holdfast/index.d.ts': types,
    }
    return checkConsumerTypes(smallRepository(files)).problems
  }

  it('accepts types that need nothing of the platform', () => {
    expect(problemsOf('export declare const a: Promise<string>\n')).toEqual([])
  })

  it('names types that need DOM', () => {
    const problems = problemsOf('export declare const a: WebSocket\n')
    expect(problems).toHaveLength(3)
    expect(problems[0]).toContain("Cannot find name 'WebSocket'")
  })
})

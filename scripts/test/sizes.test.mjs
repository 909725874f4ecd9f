import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { checkSizes } from '../check/sizes.mjs'
import { smallRepository } from './small-repository.mjs'

const cdn = 'packages/client/dist/holdfast.min.js'
const use = {
  "import { connect } from 'holdfast'": "import { connect } from 'holdfast'; globalThis.app = connect",
}
const [useName] = Object.keys(use)
const noise = randomBytes(6_000).toString('hex')

const files = {
  [cdn]: `"${noise}"`,
  'packages/client/dist/index.js': '',
  'node_modules/holdfast/package.json': {
    name: 'holdfast',
    type: 'module',
    exports: './index.js',
    sideEffects: false,
  },
  'node_modules/holdfast/index.js': `/*! legal ${noise} */ export const connect = "c"; export const unused = "${noise}"\n`,
}

describe('the size check', () => {
  it('prints raw, gzip and brotli bytes of each file and of what an application gains', async () => {
    const { problems, report } = await checkSizes(smallRepository(files), { budget: {}, uses: use })
    expect(problems).toEqual([])
    const gzip = gzipSync(files[cdn], { level: 9 }).length
    expect(report).toMatch(new RegExp(`^${cdn} +${files[cdn].length} +${gzip} +\\d+$`, 'm'))
    expect(report).toContain(useName)
  })

  it('names a file over its budget, and accepts one at it', async () => {
    const root = smallRepository(files)
    const gzip = gzipSync(files[cdn], { level: 9 }).length
    const over = await checkSizes(root, { budget: { [cdn]: { gzip: gzip - 1 } }, uses: {} })
    expect(over.problems).toEqual([`${cdn}: ${gzip} bytes gzip, the budget is ${gzip - 1}`])
    expect((await checkSizes(root, { budget: { [cdn]: { gzip } }, uses: {} })).problems).toEqual([])
  })

  it('measures the bundle of an application without legal comments and without what it does not use', async () => {
    const budget = { [useName]: { raw: 100 } }
    expect((await checkSizes(smallRepository(files), { budget, uses: use })).problems).toEqual([])
    const used = { [useName]: "import { unused } from 'holdfast'; globalThis.app = unused" }
    expect((await checkSizes(smallRepository(files), { budget, uses: used })).problems).toHaveLength(1)
  })

  it('names a budget for something that was not built', async () => {
    const { problems } = await checkSizes(smallRepository(files), {
      budget: { 'gone.js': { gzip: 1 } },
      uses: {},
    })
    expect(problems).toEqual(['gone.js: is in scripts/check/size-budget.json and was not built'])
  })
})

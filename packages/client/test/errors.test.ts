import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

// A code without a line in the documentation would leave a user alone with a word.

const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const codesInType = [...source.matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(([, code]) => code)
const table = page.slice(0, page.indexOf('## The `error` event'))
const codesInPage = [...table.matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, code]) => code)

describe('error codes', () => {
  it('each have a line in docs/errors.md, and that page names no other', () => {
    expect(codesInType.length).toBeGreaterThan(5)
    expect(codesInPage).toEqual(codesInType)
  })
})

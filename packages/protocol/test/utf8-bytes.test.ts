import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllGlobals())

/** Loads the function anew on a platform that has none of these. */
async function without(...names: readonly string[]) {
  vi.resetModules()
  for (const name of names) vi.stubGlobal(name, undefined)
  const { utf8Bytes } = await import('../src/utf8-bytes.ts')
  vi.unstubAllGlobals()
  return utf8Bytes
}

describe('the size of a text in bytes', () => {
  test.each([
    ['in Node', []],
    ['in a browser', ['Buffer']],
    ['where the platform has no encoder', ['Buffer', 'TextEncoder']],
  ])('is what an encoder makes of it, %s', async (_, missing) => {
    const utf8Bytes = await without(...missing)
    const unit = fc.oneof(
      fc.constantFrom('\ud800', '\udc00', 'é', '€'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    const text = fc.array(unit, { maxLength: 30 }).map((units) => units.join(''))
    fc.assert(
      fc.property(text, fc.constantFrom(1, 100), (one, times) => {
        const long = one.repeat(times)
        expect(utf8Bytes(long)).toBe(new TextEncoder().encode(long).length)
      }),
    )
  })
})

import { afterEach, expect, test, vi } from 'vitest'
import { chromiumExecutable, firefoxExecutable, webkitExecutables } from '../setup/browsers.mjs'

afterEach(() => vi.unstubAllEnvs())

test.each([
  ['HOLDFAST_CHROMIUM', chromiumExecutable],
  ['HOLDFAST_FIREFOX', firefoxExecutable],
  ['HOLDFAST_WEBKIT_DRIVER', webkitExecutables],
])('%s with a path where nothing is: an error that names both', (variable, find) => {
  vi.stubEnv(variable, '/nowhere/browser')
  expect(find).toThrow(`${variable}: nothing that works is at /nowhere/browser`)
})

test('a program that is no browser is not taken for one', () => {
  vi.stubEnv('HOLDFAST_FIREFOX', process.execPath)
  expect(firefoxExecutable).toThrow('HOLDFAST_FIREFOX: nothing that works is at')
})

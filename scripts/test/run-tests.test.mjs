import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTests } from '../run/run-tests.mjs'

const config = join(import.meta.dirname, 'fixtures/tally/tally.config.mjs')

async function run(...filters) {
  let printed = ''
  const tally = await runTests({
    filters: ['--config', config, ...filters],
    print: (text) => (printed += text),
  })
  return { ...tally, printed }
}

describe('runTests', () => {
  it('counts tests, and takes a skipped one for a failure unless it says why', async () => {
    const { passed, failed, printed } = await run('tests.case')
    expect({ passed, failed }).toEqual({ passed: 2, failed: 3 })
    expect(printed).toContain('FAIL scripts/test/fixtures/tally/tests.case.mjs > is skipped silently')
    expect(printed).toContain('skipped: is skipped for a reason: not on this platform')
    expect(printed).toMatch(/- +"word": "goodbye"/)
  })

  it('takes a file that cannot be loaded for a failure', async () => {
    const { passed, failed, printed } = await run('breaks-on-load')
    expect({ passed, failed }).toEqual({ passed: 0, failed: 1 })
    expect(printed).toContain('the file cannot be loaded')
  })

  it('takes an error outside of any test for a failure', async () => {
    const { passed, failed, printed } = await run('breaks-outside')
    expect({ passed, failed }).toEqual({ passed: 1, failed: 1 })
    expect(printed).toContain('nobody handles this')
  })

  it('takes a hook that throws for a failure, and the tests it kept from running too', async () => {
    const { passed, failed, printed } = await run('breaks-in-a-hook')
    expect({ passed, failed }).toEqual({ passed: 0, failed: 2 })
    expect(printed).toContain('the hook throws')
  })

  it('takes a run without tests, or one that breaks off, for a failure', async () => {
    expect(await run('no-such-file')).toMatchObject({ passed: 0, failed: 1 })
    expect(await run('--no-such-option')).toMatchObject({ passed: 0, failed: 1 })
  })
})

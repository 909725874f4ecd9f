import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Scope } from '../src/index.ts'
import { ManualClock, watchLeaks } from '../src/testing/index.ts'

describe('watchLeaks', () => {
  it('tells which scopes are still open, with the place that opened them, oldest first', () => {
    const leaks = watchLeaks()
    const [first, second] = [openOne(), openOne()]
    openOne().end()
    const left = leaks()
    expect(left.map(({ scope }) => scope)).toEqual([first, second])
    expect(left[0]?.openedAt).toContain('openOne')
    expect(left[0]?.openedAt).toContain('leaks.test.ts')
    first.end()
  })

  it('sees children, and not what is opened after its end', () => {
    const leaks = watchLeaks()
    const scope = openOne()
    const child = scope.child()
    expect(leaks().map((leak) => leak.scope)).toEqual([scope, child])
    openOne()
    expect(leaks()).toHaveLength(2)
    scope.end()
    expect(leaks()).toEqual([])
  })
})

describe('the set-up file against leaks', () => {
  it('fails the test that leaks, names the place, and hides no other failure', async () => {
    const { passed, failed } = await runFixture()
    expect(passed).toEqual(['ends its scope'])
    expect([...failed.keys()]).toEqual(['forgets to end a scope', 'fails before it can end its scope'])
    const leak = failed.get('forgets to end a scope') ?? ''
    expect(leak).toContain('this test did not end 1 of the scopes it opened')
    expect(leak).toContain('openAndForget')
    const own = failed.get('fails before it can end its scope') ?? ''
    expect(own).toContain('its own reason')
    expect(own).not.toContain('did not end')
  }, 60_000)
})

function openOne(): Scope {
  return new Scope(new ManualClock())
}

interface FileResult {
  readonly assertionResults: readonly { title: string; status: string; failureMessages: readonly string[] }[]
}

async function runFixture() {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const config = join(import.meta.dirname, 'fixtures/leaky.config.ts')
  const stdout = await new Promise<string>((resolve) => {
    const args = [vitest, 'run', '--config', config, '--reporter', 'json']
    execFile(process.execPath, args, (_failed, output) => resolve(output))
  })
  const { testResults } = JSON.parse(stdout) as { testResults: readonly FileResult[] }
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  return {
    passed: tests.filter(({ status }) => status === 'passed').map(({ title }) => title),
    failed: new Map(
      tests
        .filter(({ status }) => status === 'failed')
        .map((test) => [test.title, test.failureMessages.join('\n')]),
    ),
  }
}

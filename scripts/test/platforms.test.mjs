import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkPlatforms } from '../check/platforms.mjs'
import { readArguments } from '../everywhere/arguments.mjs'
import { judge } from '../everywhere/judge.mjs'
import { intoPage, marks, renderTables } from '../everywhere/page.mjs'
import { filesOfPlaces, placeNames, tables } from '../everywhere/places.mjs'
import { isDone, readResults, writeResults } from '../everywhere/results.mjs'
import { summarize } from '../everywhere/summary.mjs'

const passedEverywhere = (name = 'a scenario') =>
  Object.fromEntries(placeNames.map((place) => [place, { passed: [name], failed: [], limited: [] }]))

const suite = () => ({ passed: ['one'], failed: [], limited: [], finished: true })
const frame = `# Platforms\n\n${marks.begin}\n\n${marks.end}\n`
const version = () => '1.2.3'
const limit = { place: 'Bun', limit: 'cannot do this', shownBy: 'a.test.ts: shows it' }

test('the page that a run makes has a row for each place, and the check agrees', () => {
  const page = intoPage(frame, renderTables(passedEverywhere(), [limit], version))
  expect(checkPlatforms('', page)).toEqual({ problems: [] })
  expect(page).toContain('1 of 1')
  expect(page).toContain('- **Bun**: cannot do this. Shown by: a.test.ts: shows it.')
})

test('the same results make the same page', () => {
  const page = intoPage(frame, renderTables(passedEverywhere(), [], version))
  expect(intoPage(page, renderTables(passedEverywhere(), [], version))).toBe(page)
})

test('a row that is missing, and a row for a place that nobody runs, are named', () => {
  const page = intoPage(frame, renderTables(passedEverywhere(), [], version))
  const stale = page.replace('| Deno |', '| Rhino |')
  expect(checkPlatforms('', stale).problems).toEqual([
    'docs/platforms.md: has no row for Deno',
    'docs/platforms.md: has a row for Rhino, unknown',
  ])
})

test('a page without its marks is an error that says so', () => {
  expect(() => intoPage('# Platforms\n', '')).toThrow(/docs\/platforms\.md/)
})

test('a run in which every place passed and every limit is shown has no problem', () => {
  expect(judge({ places: passedEverywhere('shows it'), broken: [] }, [limit])).toEqual([])
})

test('a place that did not run, a limit that no test shows, and what broke off are problems', () => {
  const { [placeNames[0]]: _, ...places } = passedEverywhere()
  expect(judge({ places, broken: ['Deno, plain'] }, [limit])).toEqual([
    'Deno, plain: broke off',
    `${placeNames[0]}: no scenario ran there`,
    'Bun: a limit is not shown, no such test passed: a.test.ts: shows it',
  ])
})

test('--only takes how the name of a place begins, and nothing else', () => {
  expect(readArguments(['--only', 'Node 22'])).toMatchObject({ only: 'Node 22' })
  expect(() => readArguments(['--only', 'Rhino'])).toThrow(/--only: must be .* got Rhino/)
  expect(() => readArguments(['--fast'])).toThrow(/--fast/)
})

test('a place is run by the files that it names, and a run of all by all of them', () => {
  expect(filesOfPlaces('workerd')).toEqual(['e2e/everywhere/workerd.test.ts'])
  expect(filesOfPlaces('Node')).toEqual(
    ['node', 'runtimes', 'ends', 'forms'].map((name) => `e2e/everywhere/${name}.test.ts`),
  )
  for (const begin of placeNames)
    expect(filesOfPlaces()).toEqual(expect.arrayContaining(filesOfPlaces(begin)))
})

test('a summary names each failure by place and scenario, and is good only when something passed and nothing failed', () => {
  const good = { passed: ['one', 'two'], failed: [], limited: ['three'] }
  expect(summarize({ Deno: good }, [])).toEqual({
    ok: true,
    lines: [
      '1 of 1 places and other groups of tests held; 1 scenarios left out as limits',
      '2 passed, 0 failed',
    ],
  })
  expect(summarize({ Deno: good, Bun: { ...good, failed: ['echo'] } }, ['workerd: broke off'])).toEqual({
    ok: false,
    lines: [
      '1 of 2 places and other groups of tests held; 2 scenarios left out as limits',
      'FAIL Bun > echo',
      'FAIL workerd: broke off',
      '4 passed, 2 failed',
    ],
  })
  expect(summarize({}, []).ok).toBe(false)
})

test('results are found again under the same key only: what was changed since is not shown by them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-results-'))
  const path = join(folder, 'results/a-file.json')
  const results = { key: 'a', suites: { 'Bun, plain': suite() }, broken: [] }
  try {
    expect(readResults(path, 'a').suites).toEqual({})
    writeResults(path, results)
    expect(readResults(path, 'a')).toEqual(results)
    expect(readResults(path, 'b')).toEqual({ key: 'b', suites: {}, broken: [] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each([
  ['ran to its end without a failure', {}, true],
  ['failed in one', { failed: ['one'] }, false],
  ['was ended', { finished: false }, false],
  ['ran nothing', { passed: [] }, false],
  ['is left out as a whole', { passed: [], limited: ['one'] }, true],
])('a place that %s: whether it is left out of the next run', (_, differs, done) => {
  expect(isDone({ ...suite(), ...differs })).toBe(done)
})

test('every bundler says its version', () => {
  for (const { name, version } of tables.Bundlers)
    expect([name, version()]).toEqual([name, expect.stringMatching(/^\d/)])
})

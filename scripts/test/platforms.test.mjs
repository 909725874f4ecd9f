import { expect, test } from 'vitest'
import { checkPlatforms } from '../check/platforms.mjs'
import { readArguments } from '../everywhere/arguments.mjs'
import { judge } from '../everywhere/judge.mjs'
import { intoPage, marks, renderTables } from '../everywhere/page.mjs'
import { placeNames, tables } from '../everywhere/places.mjs'

const passedEverywhere = (name = 'a scenario') =>
  Object.fromEntries(placeNames.map((place) => [place, { passed: [name], failed: [], limited: [] }]))

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

test('every bundler says its version', () => {
  for (const { name, version } of tables.Bundlers)
    expect([name, version()]).toEqual([name, expect.stringMatching(/^\d/)])
})

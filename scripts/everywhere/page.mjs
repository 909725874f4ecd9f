import { placesOf, tables } from './places.mjs'

/** Between these lines of docs/platforms.md everything is made by the run. */
export const marks = { begin: '<!-- made by npm run everywhere: begin -->', end: '<!-- end -->' }

/**
 * @typedef {{ passed: string[], failed: string[], limited: string[] }} Outcome names of tests
 * @typedef {{ place: string, limit: string, shownBy: string }} Limit
 */

/**
 * Makes the tables of docs/platforms.md. Has no date, so that the same result makes the same page.
 * @param {Readonly<Record<string, Outcome>>} places
 * @param {readonly Limit[]} limits
 * @param {(row: import('./places.mjs').Row) => string} [versionOf]
 */
export function renderTables(places, limits, versionOf = ({ version }) => version()) {
  return Object.entries(tables)
    .map(([title, rows]) => {
      const modes = rows.some((row) => row.modes)
      const head = modes ? ['place', 'version', 'plain', 'resume'] : ['place', 'version', 'passed']
      const lines = rows.map((row) => [
        row.name,
        versionOf(row),
        ...placesOf(row).map((place) => cell(places[place])),
      ])
      const own = limits.filter(({ place }) => rows.some((row) => appliesTo(place, row)))
      return [`## ${title}`, '', ...table(head, lines), ...limitLines(own)].join('\n')
    })
    .join('\n\n')
}

/** Puts the tables into the page. @throws Error when the page has no place for them */
export function intoPage(page, text) {
  const [begin, end] = [page.indexOf(marks.begin), page.indexOf(marks.end)]
  if (begin < 0 || end < begin) throw new Error(`docs/platforms.md: has no ${marks.begin} … ${marks.end}`)
  return `${page.slice(0, begin)}${marks.begin}\n\n${text}\n\n${page.slice(end)}`
}

/** Tells whether a limit is one of a row: it names the row, one of its places, or how several rows begin. */
function appliesTo(place, row) {
  return [row.name, ...placesOf(row)].some((name) => name.startsWith(place))
}

function cell(outcome) {
  if (outcome === undefined) return 'not run'
  const { passed, failed, limited } = outcome
  const ran = `${passed.length} of ${passed.length + failed.length}`
  return limited.length === 0 ? ran : `${ran}, ${limited.length} cannot hold`
}

function table(head, lines) {
  const row = (cells) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...lines.map(row)]
}

function limitLines(limits) {
  if (limits.length === 0) return []
  /** What holds in several places is said once. */
  const places = new Map()
  for (const { place, limit, shownBy } of limits) {
    const text = `${limit}. Shown by: ${shownBy}.`
    places.set(text, [...(places.get(text) ?? []), place])
  }
  const lines = [...places].map(([text, where]) => `- **${where.join(', ')}**: ${text}`)
  return ['', 'Limits:', '', ...lines]
}

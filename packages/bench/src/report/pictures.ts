import type { Results } from '../results.ts'
import { type Bar, barChart, lineChart, type Series } from './chart.ts'
import { tableOf } from './summary.ts'

/** Draws the pictures of a run, by file name. */
export function pictures(results: Results): Readonly<Record<string, string>> {
  return {
    'echo-pipelined.svg': barChart(
      'CPU time per echoed message, 500 of 20 bytes at a time',
      '× ws',
      bars(results, 'echo-ratio', '20 B text, 500 at a time'),
      1,
    ),
    'echo-one.svg': barChart(
      'CPU time per echoed message, 20 bytes, one at a time',
      '× ws',
      bars(results, 'echo-ratio', '20 B text, one at a time'),
      1,
    ),
    'memory.svg': barChart(
      'Memory per idle session in Node',
      '× ws',
      bars(results, 'memory', 'ratio to `ws`'),
      1,
    ),
    'sizes.svg': barChart('Size in a bundle for browsers, gzip', 'B', bars(results, 'sizes', 'gzip')),
    'dials.svg': barChart(
      'Clients in the worst 100 ms after an outage of a minute, simulated',
      '%',
      bars(results, 'dials-simulated', 'share in the worst 100 ms'),
    ),
    'memory-scaling.svg': scaling(results, 'memory', 'Memory per session, against the number of sessions', [
      '100 sessions',
      '1,000 sessions',
      '10,000 sessions',
    ]),
    'scaling.svg': scaling(results, 'scaling', 'What grows with what: cost relative to a hundred', [
      '100',
      '1,000',
      '10,000',
    ]),
  }
}

function bars(results: Results, id: string, column: string): readonly Bar[] {
  return values(results, id, [column]).flatMap(({ name, values: [value] }) =>
    value === undefined ? [] : [{ name, value, ours: name.startsWith('holdfast') }],
  )
}

function scaling(results: Results, id: string, title: string, columns: readonly string[]): string {
  const series: readonly Series[] = values(results, id, columns)
    .map(({ name, values: all }) => ({ name, values: all.filter((value) => value !== undefined) }))
    .filter((one) => one.values.length === columns.length)
  return lineChart(title, columns, series)
}

function values(
  results: Results,
  id: string,
  columns: readonly string[],
): readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[] {
  const table = tableOf(results, id)
  const places = columns.map((column) => table.columns.findIndex(({ name }) => name === column))
  return table.rows.map(({ name, figures }) => ({
    name,
    values: places.map((place) => {
      const figure = figures[place]
      return figure && 'median' in figure ? figure.median : undefined
    }),
  }))
}

import type { Column, Figure, Table } from '../figures.ts'

/** Writes a figure: the middle, and the ends where they differ. */
export function written(figure: Figure, { digits = 2 }: Pick<Column, 'digits'>, withEnds = true): string {
  if (!figure) return '–'
  if ('text' in figure) return figure.text
  const { median, low, high } = figure
  const text = number(median, digits)
  return withEnds && low !== high ? `${text} (${number(low, digits)}–${number(high, digits)})` : text
}

/** Writes a table as Markdown. */
export function markdown({ title, note, columns, rows }: Table): string {
  const head = columns.map(({ name, unit }) => (unit === '' ? name : `${name}, ${unit}`))
  const body = rows.map(({ name, figures }) => [
    name,
    ...columns.map((column, index) => written(figures[index], column)),
  ])
  return `### ${title}\n\n${note}\n\n${grid(['', ...head], body)}`
}

/** Writes cells as a Markdown table; numbers stand on the right. */
export function grid(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

/** Writes a table for a terminal. */
export function plain({ title, columns, rows }: Table): string {
  const cells = [
    ['', ...columns.map(({ name, unit }) => (unit === '' ? name : `${name}, ${unit}`))],
    ...rows.map(({ name, figures }) => [
      name,
      ...columns.map((column, index) => written(figures[index], column, columns.length < 5)),
    ]),
  ]
  const widths = cells[0]?.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0))) ?? []
  const lines = cells.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  )
  return [title, ...lines].join('\n')
}

function number(value: number, digits: number): string {
  // A hair below zero is zero.
  const rounded = Number(value.toFixed(digits)) + 0
  return rounded.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

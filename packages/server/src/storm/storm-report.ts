import type { StormResult } from './storm-record.ts'

const columns = [
  'client policy',
  'outcome',
  't50',
  't95',
  't100',
  'ideal',
  'tries/client',
  'after',
  'peak/s',
  'peak/mean',
  'wasted',
]

/** Writes results as a table, one line each. */
export function stormTable(results: readonly StormResult[]): string {
  const rows = [columns, ...results.map(rowOf)]
  const widths = columns.map((_title, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function rowOf(result: StormResult): string[] {
  const { times } = result
  return [
    result.policy,
    result.outcome === 'recovered' ? 'recovered' : `${percent(result.back / result.clients)} back`,
    seconds(times.t50Ms),
    seconds(times.t95Ms),
    seconds(times.t100Ms),
    seconds(result.idealMs),
    result.attemptsPerClient.toFixed(2),
    result.attemptsAfterPerClient.toFixed(2),
    String(result.peakPerS),
    result.peakToMean.toFixed(2),
    String(result.wasted),
  ]
}

/** Draws tries and returning clients over time with letters, at most `width` wide, for a terminal. */
export function stormChart(result: StormResult, width = 64, height = 8): string {
  const { perSecond, policy } = result
  const seconds = secondsShown(result)
  const perColumn = Math.ceil(seconds / width)
  const tries = columnsOf(perSecond.tries, perColumn, seconds)
  const back = columnsOf(perSecond.back, perColumn, seconds)
  const most = Math.max(1, ...tries, ...back)
  const lines = Array.from({ length: height }, (_unused, index) => {
    const level = ((height - index - 0.5) / height) * most
    const marks = tries.map((value, column) =>
      (back[column] ?? 0) >= level ? '#' : value >= level ? '.' : ' ',
    )
    return `${index === 0 ? String(Math.round(most)).padStart(7) : ' '.repeat(7)} |${marks.join('').trimEnd()}`
  })
  const foot = `${' '.repeat(7)} +${'-'.repeat(tries.length)} ${seconds} s`
  return [`${policy}: tries (.) and clients back (#) per second`, ...lines, foot].join('\n')
}

/** Gives how many seconds are worth showing: all until the last client is back, or the first of a storm without end. */
export function secondsShown({ perSecond: { tries, back }, outcome }: StormResult): number {
  return Math.max(
    2,
    outcome === 'recovered' ? Math.max(tries.length, back.length) : Math.min(tries.length, 180),
  )
}

function columnsOf(bins: readonly number[], perColumn: number, seconds: number): number[] {
  return Array.from({ length: Math.ceil(seconds / perColumn) }, (_unused, column) => {
    const part = bins.slice(column * perColumn, (column + 1) * perColumn)
    return part.reduce((sum, value) => sum + value, 0) / perColumn
  })
}

function seconds(timeMs: number | undefined): string {
  return timeMs === undefined ? 'never' : `${(timeMs / 1_000).toFixed(1)} s`
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}

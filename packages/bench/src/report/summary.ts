import type { Table } from '../figures.ts'
import type { Results } from '../results.ts'
import { grid, written } from './render.ts'

interface SummaryColumn {
  readonly name: string
  /** Which table, and which of its columns. */
  readonly table: string
  readonly column: string
  readonly digits: number
  readonly unit?: string
}

/** The columns of the README's table. */
const columns: readonly SummaryColumn[] = [
  {
    name: 'CPU per message, one at a time',
    table: 'echo-ratio',
    column: '20 B text, one at a time',
    digits: 2,
    unit: ' ×',
  },
  { name: 'in bursts', table: 'echo-ratio', column: '20 B text, 500 at a time', digits: 2, unit: ' ×' },
  { name: 'memory per session', table: 'memory', column: 'ratio to `ws`', digits: 2, unit: ' ×' },
  { name: 'back after a cut', table: 'recovery', column: 'median', digits: 0, unit: ' ms' },
  { name: 'frozen server noticed', table: 'frozen', column: 'as it comes', digits: 0, unit: ' s' },
  { name: 'lost to the server', table: 'losses', column: 'lost to the server', digits: 0 },
  { name: 'lost to the client', table: 'losses', column: 'lost to the client', digits: 0 },
  {
    name: 'process free after the end',
    table: 'ending',
    column: 'with a frozen server',
    digits: 0,
    unit: ' ms',
  },
  { name: 'gzip', table: 'sizes', column: 'gzip', digits: 0, unit: ' B' },
]

/** Contenders, and under which name each table has them where it differs. */
const rows: readonly { readonly name: string; readonly sizes?: string }[] = [
  { name: 'ws' },
  { name: 'holdfast' },
  { name: 'holdfast resume', sizes: 'holdfast + resume' },
  { name: 'holdfast batch', sizes: 'holdfast + resume' },
  { name: 'reconnecting-websocket' },
  { name: 'partysocket' },
  { name: 'socket.io' },
  { name: 'centrifuge' },
  { name: 'phoenix' },
  { name: 'signalr' },
  { name: 'graphql-ws' },
]

/** Writes the table of the README. @throws Error when the results have no such table or column */
export function summary(results: Results): string {
  const head = ['', ...columns.map(({ name }) => name)]
  const body = rows.map((row) => [row.name, ...columns.map((column) => cell(results, column, row))])
  return grid(head, body)
}

function cell(results: Results, column: SummaryColumn, row: (typeof rows)[number]): string {
  const table = tableOf(results, column.table)
  const index = table.columns.findIndex(({ name }) => name === column.column)
  if (index === -1) throw new Error(`table ${column.table}: has no column "${column.column}"`)
  const name = column.table === 'sizes' ? (row.sizes ?? row.name) : row.name
  const figure = table.rows.find((one) => one.name === name)?.figures[index]
  if (!figure) return '–'
  const text = written(figure, column, false)
  return 'text' in figure ? text : `${text}${column.unit ?? ''}`
}

/** Finds a table. @throws Error when the results have none of that name */
export function tableOf({ tables }: Results, id: string): Table {
  const table = tables.find((one) => one.id === id)
  if (table === undefined) throw new Error(`results: have no table "${id}"; run everything`)
  return table
}

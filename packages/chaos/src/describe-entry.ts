import { inspect } from 'node:util'
import type { LogEntry } from './chaos-event.ts'

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 4, breakLength: Infinity })
}

/** Writes an event as one line for people: time in seconds, connection, event, details. */
export function describeEntry(entry: LogEntry): string {
  const { n: _, atMs, event, ...details } = entry
  const { connection, ...rest } = details as Readonly<Record<string, unknown>>
  const words = Object.entries(rest).map(([name, value]) => `${name}=${show(value)}`)
  const who = connection === undefined ? [] : [`#${show(connection)}`]
  return [`${(atMs / 1_000).toFixed(3).padStart(9)}s`, ...who, event, ...words].join(' ')
}

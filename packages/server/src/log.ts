import { type Clock, guard } from '@holdfast/lifetime'
import { printable } from './printable.ts'

/** How much an entry matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One line of the log. Its texts are printable; it never holds a query, cookies, authorization or subprotocols. */
export interface LogEntry {
  readonly level: LogLevel
  /** What happened, a fixed word such as `connection-opened`. */
  readonly event: string
  /** When, in epoch milliseconds. */
  readonly at: number
  readonly fields: Readonly<Record<string, string | number>>
}

/** Takes the entries of the log. What it throws becomes a process warning and harms nothing else. */
export type Logger = (entry: LogEntry) => void

/** Writes one entry. Fields that are `undefined` are left out. */
export type Log = (
  level: LogLevel,
  event: string,
  fields?: Readonly<Record<string, string | number | undefined>>,
) => void

/** Opens the log of one server. Without a logger nothing is written. */
export function openLog(logger: Logger | undefined, clock: Clock): Log {
  if (logger === undefined) return () => {}
  return (level, event, fields = {}) => {
    const safe: Record<string, string | number> = {}
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) safe[name] = typeof value === 'string' ? printable(value) : value
    }
    // The result is not waited for: a log must not hold up what it tells about.
    void guard(logger, warn, { level, event, at: clock.now(), fields: safe })
  }
}

/** Makes an error visible that nobody listens for, without ending the process: a client must not be able to cause that. */
export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : printable(String(error)))
}

/** One thing that happened, as data: a level, a stable event name, and fields without payloads and secrets. */
export interface LogRecord {
  readonly level: 'debug' | 'warn'
  readonly event: string
  readonly [field: string]: unknown
}

/** Receives records. What it throws is ignored: logging must not harm the session. */
export type Logger = (record: LogRecord) => void

/** One thing that happened, as data: a level, a stable event name, and fields without payloads and secrets. */
export interface LogRecord {
  readonly level: 'debug' | 'warn'
  readonly event: string
  readonly [field: string]: unknown
}

/** Receives records. What it throws harms nobody and goes to the platform's `reportError`. */
export type Logger = (record: LogRecord) => void

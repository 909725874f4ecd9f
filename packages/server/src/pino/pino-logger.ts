import type { Logger, LogLevel } from '../log.ts'

/** The part of a pino logger that is used. */
export type PinoLike = {
  readonly [Level in LogLevel]: (fields: Readonly<Record<string, unknown>>, message: string) => void
}

/**
 * Makes a logger, for the option `logger` of `createServer`, that writes to pino: the level as it is, the event as message and
 * as the field `event`, and the entry's own fields beside it. What is logged is free of secrets already: see `LogEntry`. When
 * something happened is left to pino, which writes at once.
 * @example
 * createServer({ logger: pinoLogger(pino({ level: 'info' })) })
 */
export function pinoLogger(pino: PinoLike): Logger {
  return ({ level, event, fields }) => pino[level]({ ...fields, event }, event)
}

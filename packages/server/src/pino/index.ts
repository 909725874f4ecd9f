// For those who log with pino, or with a logger that is called in the same way.
export { type PinoLike, pinoLogger } from './pino-logger.ts'

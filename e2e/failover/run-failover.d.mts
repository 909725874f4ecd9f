/** Runs servers and a Redis under load, breaks them, and judges by the logs. */
export function runFailover(options?: {
  readonly kills?: number
  readonly zombies?: number
  readonly restarts?: number
  readonly ends?: number
  readonly durable?: boolean
  readonly clients?: number
  readonly sendEveryMs?: number
  readonly seed?: number
  readonly print?: (line: string) => void
}): Promise<{ readonly violations: readonly string[]; readonly counts: Readonly<Record<string, number>> }>

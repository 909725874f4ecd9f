import type { Outcome } from '../run/steps.mjs'

export function redisExecutable(): string
export function installRedis(print?: (line: string) => void): Promise<Outcome>

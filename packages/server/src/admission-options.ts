import type { AdmissionLimits } from './admission-queue.ts'
import { integer, knownNames, shown } from './option-checks.ts'

/** What bounds the rate at which clients are taken in. All are optional. */
export interface AdmissionOptions {
  /**
   * Clients taken in per second: WebSocket upgrades, and for sessions their HELLO. Default 500, what one core bears with TLS
   * and a look into a database; measure yours. `Infinity`: everyone at once.
   */
  readonly perSecond?: number
  /** Clients taken in at once after a quiet time. Default `perSecond`: one second's worth. */
  readonly burst?: number
  /** How long a client may wait here for its turn; longer, and it is sent away. Default 1,000. */
  readonly maxWaitMs?: number
  /** Nobody is sent away for longer than this. Default 120,000. */
  readonly maxRetryMs?: number
}

/** What holds unless an option says otherwise. */
export const defaultAdmission = {
  perSecond: 500,
  burst: 500,
  maxWaitMs: 1_000,
  maxRetryMs: 120_000,
} as const satisfies AdmissionLimits

const many = { min: 1, max: 1_000_000 }

/** Checks the option. @throws TypeError or RangeError naming the part, its bound and the value received */
export function checkAdmission(name: string, value: unknown): AdmissionLimits {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name}: must be an object, received ${shown(value)}`)
  }
  knownNames(name, value, Object.keys(defaultAdmission))
  const own = Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))
  const { perSecond, burst, maxWaitMs, maxRetryMs }: AdmissionOptions = own
  const rate = integer(`${name}.perSecond`, perSecond ?? defaultAdmission.perSecond, {
    ...many,
    orInfinity: true,
  })
  return {
    perSecond: rate,
    burst: integer(`${name}.burst`, burst ?? Math.min(rate, many.max), many),
    maxWaitMs: integer(`${name}.maxWaitMs`, maxWaitMs ?? defaultAdmission.maxWaitMs, { min: 0, max: 5_000 }),
    maxRetryMs: integer(`${name}.maxRetryMs`, maxRetryMs ?? defaultAdmission.maxRetryMs, {
      min: 1_000,
      max: 300_000,
    }),
  }
}

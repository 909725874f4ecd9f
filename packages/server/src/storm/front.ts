import { type AdmissionLimits, AdmissionQueue } from '../admission-queue.ts'

/** What becomes of a try. */
export type Outcome =
  /** Nobody listens. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'served'; readonly atMs: number }
  /** The client gave up before its turn. */
  | { readonly kind: 'late'; readonly atMs: number }
  /** Sent away, with the time after which to come again. */
  | { readonly kind: 'sent-away'; readonly retryMs: number }

/** The way into a simulated server. */
export interface Front {
  /** Takes a try; times never go back from one to the next. */
  readonly arrive: (atMs: number) => Outcome
  /** How many handshakes were served for clients that had left. */
  readonly wasted: () => number
}

/** What a front is like. */
export interface FrontOptions {
  readonly capacityPerS: number
  /** From when on somebody listens. */
  readonly upAtMs: number
  /** How long clients wait. */
  readonly timeoutMs: number
}

const refused: Outcome = { kind: 'refused' }

/** A server that takes everyone in, one after the other; `dropsAbandoned`: it notices that a client has left in time. */
export function openFront(
  { capacityPerS, upAtMs, timeoutMs }: FrontOptions,
  { dropsAbandoned }: { readonly dropsAbandoned: boolean },
): Front {
  const serviceMs = 1_000 / capacityPerS
  let freeAtMs = upAtMs
  let wasted = 0
  return {
    wasted: () => wasted,
    arrive(atMs) {
      if (atMs < upAtMs) return refused
      const startMs = Math.max(atMs, freeAtMs)
      const endMs = startMs + serviceMs
      const isInTime = endMs - atMs <= timeoutMs
      if (isInTime || !dropsAbandoned) freeAtMs = endMs
      if (isInTime) return { kind: 'served', atMs: endMs }
      if (!dropsAbandoned) wasted += 1
      return { kind: 'late', atMs: atMs + timeoutMs }
    },
  }
}

/** A server with the admission that this package has: the very same code, on simulated time. */
export function guardedFront(
  { capacityPerS, upAtMs }: FrontOptions,
  limits: Omit<AdmissionLimits, 'perSecond'>,
  random: () => number,
): Front {
  const serviceMs = 1_000 / capacityPerS
  let nowMs = upAtMs
  const queue = new AdmissionQueue({ ...limits, perSecond: capacityPerS }, () => nowMs, random)
  return {
    wasted: () => 0,
    arrive(atMs) {
      if (atMs < upAtMs) return refused
      nowMs = atMs
      const admission = queue.admit()
      if (admission.kind === 'later') return { kind: 'sent-away', retryMs: admission.retryMs }
      return {
        kind: 'served',
        atMs: atMs + serviceMs + (admission.kind === 'wait' ? admission.waitMs : 0),
      }
    },
  }
}

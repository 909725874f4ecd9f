import type { HeartbeatStrategy } from './heartbeat.ts'

/** How the adaptive heartbeat learns. */
export interface AdaptiveOptions {
  /** How many connections in a row must be cut after about the same idle time before it is believed. Default 2. */
  readonly sightings?: number
  /** It never pings more often than this, in milliseconds. Default 5,000. */
  readonly floorMs?: number
}

/** Idle times that differ by no more than this part count as the same. */
const SAME_WITHIN = 0.1
/** Pings go out after this part of the idle time that was cut: early enough for a slow link. */
const SHARE = 0.8

/**
 * Makes a heartbeat strategy that finds out about hops which cut idle connections (balancers after 60 s, some mobile
 * networks after 30) and pings just below: when `sightings` connections in a row end after about the same idle time, the
 * interval becomes four fifths of it. It only ever shortens. One strategy object belongs to one session.
 */
export function adaptive({ sightings = 2, floorMs = 5_000 }: AdaptiveOptions = {}): HeartbeatStrategy {
  if (!(Number.isInteger(sightings) && sightings >= 1)) {
    throw new RangeError(`adaptive.sightings: must be a whole number from 1 on, got ${sightings}`)
  }
  if (!(floorMs >= 1)) throw new RangeError(`adaptive.floorMs: must be at least 1, got ${floorMs}`)
  let learnedMs = Number.POSITIVE_INFINITY
  let seen: number[] = []
  return {
    intervalMs: (intervalMs) => Math.min(intervalMs, learnedMs),
    lost(idleMs) {
      const alike = seen.every((other) => Math.abs(other - idleMs) <= SAME_WITHIN * Math.max(other, idleMs))
      seen = alike ? [...seen, idleMs] : [idleMs]
      if (seen.length < sightings) return
      seen = []
      learnedMs = Math.max(floorMs, Math.min(learnedMs, SHARE * idleMs))
    },
  }
}

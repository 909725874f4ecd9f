import { BadValueError } from './bad-value-error.ts'
import { check } from './check.ts'
import type { FaultChange } from './faults.ts'
import { maxTimerMs } from './fault-rules.ts'
import { maxSeed, type Random, seededRandom } from './seeded-random.ts'
import type { Step } from './step.ts'

/** Names a kind of trouble a random schedule draws from. */
export type Trouble = 'cut' | 'reset' | 'stall' | 'blackhole' | 'refuse' | 'hang' | 'latency' | 'throttle'

/** Steers {@link randomSchedule}. */
export interface RandomScheduleOptions {
  /** Decides everything that is drawn: an integer from 0 to 4,294,967,295. */
  readonly seed: number
  /** Is the length of the schedule in milliseconds; the last step clears all faults at this time. 0 gives that step alone. */
  readonly durationMs: number
  /** Is the mean pause between two troubles in milliseconds, at least 1. Default 1,000. */
  readonly everyMs?: number
  /** Is the longest a single trouble lasts in milliseconds, at least 1. Default 1,000. */
  readonly maxForMs?: number
  /** Lists what may be drawn. Default: all. */
  readonly troubles?: readonly Trouble[]
}

type Drawn = { readonly action: 'cut' | 'reset' } | { readonly set: FaultChange }

const oneOf = <T>(random: Random, items: readonly [T, ...T[]]): T =>
  items[Math.floor(random() * items.length)] ?? items[0]
const sides = ['up', 'down', 'both'] as const

const draw: { readonly [Name in Trouble]: (random: Random) => Drawn } = {
  cut: () => ({ action: 'cut' }),
  reset: () => ({ action: 'reset' }),
  stall: (random) => ({ set: { stall: oneOf(random, sides) } }),
  blackhole: (random) => ({ set: { blackhole: oneOf(random, sides) } }),
  refuse: () => ({ set: { accept: 'refuse' } }),
  hang: () => ({ set: { accept: 'hang' } }),
  latency: (random) => ({
    set: { latencyMs: 1 + Math.floor(random() * 300), jitterMs: Math.floor(random() * 100) },
  }),
  throttle: (random) => ({ set: { bytesPerSecond: 1_000 + Math.floor(random() * 100_000) } }),
}

const allTroubles = Object.keys(draw) as Trouble[]

function readTroubles(value: unknown): readonly [Trouble, ...Trouble[]] {
  const list = check.list('troubles', value, 1_000)
  const [first, ...rest] = list.map((item, index) => check.choice(`troubles[${index}]`, item, allTroubles))
  if (first === undefined) throw new BadValueError('troubles', 'a list of at least 1 item', value)
  return [first, ...rest]
}

function read(options: unknown) {
  const known = ['seed', 'durationMs', 'everyMs', 'maxForMs', 'troubles']
  const given = check.object('random', options, known)
  return {
    seed: check.integer('seed', given.seed, 0, maxSeed),
    durationMs: check.integer('durationMs', given.durationMs, 0, maxTimerMs),
    everyMs: check.integer('everyMs', given.everyMs ?? 1_000, 1, maxTimerMs),
    maxForMs: check.integer('maxForMs', given.maxForMs ?? 1_000, 1, maxTimerMs),
    troubles: readTroubles(given.troubles ?? allTroubles),
  }
}

/**
 * Makes a schedule that depends on its options alone: the same seed gives the same steps, always and everywhere. At most
 * 9,999 troubles are drawn.
 *
 * @throws BadValueError for a value out of bounds
 */
export function randomSchedule(options: RandomScheduleOptions): readonly Step[] {
  const { seed, durationMs, everyMs, maxForMs, troubles } = read(options)
  const random = seededRandom(seed)
  // Pauses from 0.5 to 1.5 times the mean: irregular, without long stretches where nothing happens.
  const pauseMs = () => Math.max(1, Math.round(everyMs * (0.5 + random())))
  const steps: Step[] = []
  for (let afterMs = pauseMs(); afterMs < durationMs && steps.length < 9_999; afterMs += pauseMs()) {
    const drawn = draw[oneOf(random, troubles)](random)
    const forMs = Math.min(1 + Math.floor(random() * maxForMs), durationMs - afterMs)
    steps.push('set' in drawn ? { afterMs, set: drawn.set, forMs } : { afterMs, action: drawn.action })
  }
  return [...steps, { afterMs: durationMs, action: 'clear' }]
}

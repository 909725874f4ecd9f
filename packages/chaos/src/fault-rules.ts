import type { Faults } from './faults.ts'

/** Says what one fault accepts; the control port and the command line both read it from here. */
export type FaultRule =
  | { readonly kind: 'choice'; readonly choices: readonly (string | false)[] }
  | { readonly kind: 'number' | 'per-side'; readonly max: number; readonly infinity: 'off' | 'refused' }

const sides = { kind: 'choice', choices: ['up', 'down', 'both', false] } as const
const bytes = { kind: 'per-side', max: Number.MAX_SAFE_INTEGER, infinity: 'off' } as const
// Ten minutes is longer than any deadline worth a test, and far below what a timer can hold.
const delay = { kind: 'per-side', max: 600_000, infinity: 'refused' } as const
/** The longest delay `setTimeout` keeps; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1

export const faultRules: { readonly [Name in keyof Faults]: FaultRule } = {
  stall: sides,
  blackhole: sides,
  accept: { kind: 'choice', choices: ['ok', 'refuse', 'hang', 'reset', 'close'] },
  latencyMs: delay,
  jitterMs: delay,
  bytesPerSecond: bytes,
  chunkBytes: bytes,
  closeAfterBytes: bytes,
  closeAfterMs: { kind: 'number', max: maxTimerMs, infinity: 'off' },
  closeWith: { kind: 'choice', choices: ['fin', 'rst'] },
}

/** Lists the names of all faults. */
export const faultNames = Object.keys(faultRules) as readonly (keyof Faults)[]
